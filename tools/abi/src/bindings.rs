//! The tables of the bindings.

use crate::Output;
use crate::model::Api;

/// All of them.
pub fn outputs(_api: &Api) -> Vec<Output> {
    Vec::new()
}
