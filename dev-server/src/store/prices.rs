//! What tokens cost by a table of list prices: an estimate, which a cost that was logged replaces.

use std::path::Path;

use serde::Deserialize;

use crate::model::figures::Tokens;

/// The table that comes with the program; its date says how old it is.
const BUILT_IN: &str = include_str!("../../data/prices.json");
const TOKENS_PER_PRICE: f64 = 1e6;

#[derive(Debug, Deserialize)]
pub struct Prices {
    /// When the prices were those of the providers' lists.
    pub date: String,
    prices: Vec<Price>,
}

#[derive(Debug, Deserialize)]
struct Price {
    /// A model's name or its start, as far as `-`, `@`, `:` or its end.
    model: String,
    input: f64,
    cached: f64,
    output: f64,
}

impl Prices {
    pub fn load(path: Option<&Path>) -> Result<Prices, String> {
        let Some(path) = path else {
            return serde_json::from_str(BUILT_IN).map_err(|error| format!("the built-in prices: {error}"));
        };
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// The estimate in dollars; `None` for a model that the table does not know.
    pub fn estimate(&self, model: &str, tokens: &Tokens) -> Option<f64> {
        // Providers' routers put a vendor before the model.
        let model = model.rsplit('/').next().unwrap_or(model).to_ascii_lowercase();
        let is_of = |price: &&Price| {
            model
                .strip_prefix(price.model.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '@', ':']))
        };
        let price = self.prices.iter().filter(is_of).max_by_key(|price| price.model.len())?;
        let fresh = tokens.input.saturating_sub(tokens.cached) as f64;
        let total =
            fresh * price.input + tokens.cached as f64 * price.cached + tokens.output as f64 * price.output;
        Some(total / TOKENS_PER_PRICE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_that_fits_gives_the_price() {
        let prices = Prices::load(None).expect("the built-in table");
        let tokens = Tokens { input: 1_000_000, cached: 500_000, output: 100_000, ..Tokens::default() };
        assert_eq!(prices.estimate("gpt-4o-2024-08-06", &tokens), Some(1.25 + 0.625 + 1.0));
        assert_eq!(prices.estimate("openai/gpt-4o-mini", &tokens), Some(0.075 + 0.0375 + 0.06));
        assert_eq!(prices.estimate("gpt-4omega", &tokens), None);
        assert_eq!(prices.estimate("", &tokens), None);
    }
}
