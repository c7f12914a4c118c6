//! The frame of every page, and the headers that keep anything else out of it.

use maud::{DOCTYPE, Markup, html};

use crate::collect::http::Response;
use crate::model::plain;
use crate::web::ask::Ask;
use crate::web::text;

/// Nothing from elsewhere, nothing inline; pictures of messages may stand in their own text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const PLACES: [(&str, &str, &str); 8] = [
    ("traces", "Traces", "/"),
    ("generations", "Generations", "/generations"),
    ("sessions", "Sessions", "/sessions"),
    ("logs", "Logs", "/logs"),
    ("flows", "Flows", "/flows"),
    ("errors", "Errors", "/errors"),
    ("delivery", "Delivery", "/delivery"),
    ("transfer", "Transfer", "/transfer"),
];

pub fn html_response(status: u16, markup: &Markup) -> Response {
    html_with_policy(status, markup, POLICY)
}

pub fn html_with_policy(status: u16, markup: &Markup, policy: &str) -> Response {
    let mut response = Response::text(status, markup.0.clone());
    response.content_type = "text/html; charset=utf-8";
    response.headers.push(("Content-Security-Policy", policy.to_owned()));
    response
}

/// A piece of a page, as its script asks for it.
pub fn fragment(markup: Markup) -> Response {
    html_response(200, &markup)
}

/// What every page says of itself first.
pub fn about(title: &str) -> Markup {
    html! {
        meta charset="utf-8";
        meta name="viewport" content="width=device-width, initial-scale=1";
        meta name="color-scheme" content="light dark";
        title { (text::plainly_listed(title)) " · maxim-dev" }
    }
}

pub fn page(ask: &Ask<'_>, status: u16, title: &str, body: Markup) -> Response {
    let first = ask.path.first().map_or("traces", String::as_str);
    let place = match first {
        "trace" | "share" | "compare" => "traces",
        "session" => "sessions",
        "flow" => "flows",
        first => first,
    };
    let is_searched = matches!(place, "traces" | "generations" | "sessions" | "logs");
    let action = if place == "traces" || !is_searched { "/".to_owned() } else { format!("/{place}") };
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                (about(title))
                link rel="icon" href="/assets/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/app.css";
                script src="/assets/app.js" defer {}
            }
            body data-since=(ask.since) {
                a.skip href="#content" { "Skip to the content" }
                header.top {
                    a.brand href="/" { span.mark aria-hidden="true" {} "maxim-dev" }
                    nav aria-label="Pages" {
                        @for (name, label, path) in PLACES {
                            a href=(path) aria-current=[(name == place).then_some("page")] { (label) }
                        }
                    }
                    form.search role="search" action=(action) method="get" {
                        input #q name="q" type="search" value=(plain::visible(ask.parameter("q").unwrap_or_default()))
                            placeholder="level:error model:gpt-4o cost>0.01 \"free text\"" aria-label="Search"
                            autocomplete="off" spellcheck="false" role="combobox" aria-expanded="false"
                            aria-autocomplete="list" aria-controls="completions";
                        kbd aria-hidden="true" { "/" }
                        ul #completions role="listbox" aria-label="Completions" hidden {}
                    }
                }
                main #content { (body) }
                dialog #help aria-label="Keys" {
                    h2 { "Keys" }
                    dl {
                        dt { kbd { "j" } " " kbd { "k" } } dd { "next and previous row" }
                        dt { kbd { "Enter" } } dd { "open the row" }
                        dt { kbd { "u" } } dd { "up to the list" }
                        dt { kbd { "/" } } dd { "search" }
                        dt { kbd { "c" } } dd { "mark a row; two marked rows are compared" }
                        dt { kbd { "p" } } dd { "hold the list still, and go on" }
                        dt { kbd { "?" } } dd { "these keys" }
                    }
                    form method="dialog" { button { "Close" } }
                }
            }
        }
    };
    html_response(status, &markup)
}

/// The page where nothing is kept.
pub fn not_kept(ask: &Ask<'_>) -> Response {
    let body = html! {
        h1 { "Nothing is kept in this mode" }
        p.empty {
            "The server only counts what arrives. Start it with " code { "--mode tree" } " or " code { "--db FILE" }
            " to see it here. " a href="/delivery" { "Delivery" } " shows the requests of every mode."
        }
    };
    page(ask, 200, "not kept", body)
}
