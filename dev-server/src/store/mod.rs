//! What arrived, kept so that it can be searched: an SQLite database in memory or in a file.
//!
//! [`intake`] takes accepted data from the door over a bounded queue, [`archive`] writes it, [`feed`] tells those who
//! watch; [`query`] is the language of searches, [`filter`] its SQL, and [`rows`] what pages read.

pub mod archive;
pub mod event;
pub mod feed;
pub mod filter;
pub mod intake;
pub mod kept;
pub mod prices;
pub mod private;
pub mod query;
pub mod rows;
pub mod schema;
