//! The library's own folding of lines into spans and of entries into log records, as it stands in `src/otlp`: included
//! rather than written again, so that a relay sends the spans that the library would send.

#![allow(dead_code)]

#[path = "../../../src/otlp/answer.rs"]
pub mod answer;
#[path = "../../../src/otlp/data.rs"]
pub mod data;
#[path = "../../../src/otlp/encode.rs"]
pub mod encode;
#[path = "../../../src/otlp/entity.rs"]
pub mod entity;
#[path = "../../../src/otlp/entry.rs"]
pub mod entry;
#[path = "../../../src/otlp/fold.rs"]
pub mod fold;
#[path = "../../../src/otlp/ids.rs"]
pub mod ids;
#[path = "../../../src/otlp/json.rs"]
pub mod json;
#[path = "../../../src/otlp/left.rs"]
pub mod left;
#[path = "../../../src/otlp/lineage.rs"]
mod lineage;
#[path = "../../../src/otlp/model.rs"]
pub mod model;
#[path = "../../../src/otlp/names.rs"]
pub mod names;
#[path = "../../../src/otlp/proto.rs"]
pub mod proto;
#[path = "../../../src/otlp/records.rs"]
mod records;
#[path = "../../../src/otlp/span/mod.rs"]
pub mod span;
#[path = "../../../src/otlp/whole.rs"]
pub mod whole;
