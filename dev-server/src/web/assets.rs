//! Style sheet, script and icon, which are in the program itself.

use crate::collect::http::Response;
use crate::web::ask::Ask;

const STYLE: &str = include_str!("assets/app.css");
const SCRIPT: &str = include_str!("assets/app.js");
const ICON: &str = include_str!("assets/icon.svg");

/// The style sheet, for a page that stands alone.
pub fn style() -> &'static str {
    STYLE
}

pub fn answer(ask: &Ask<'_>) -> Response {
    let name = ask.path.last().map_or("", String::as_str);
    let (content_type, text) = match name {
        "app.css" => ("text/css; charset=utf-8", STYLE),
        "app.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "icon.svg" | "favicon.ico" => ("image/svg+xml", ICON),
        _ => return Response::error(404, "there is no such file"),
    };
    let mut response = Response::text(200, text.to_owned());
    response.content_type = content_type;
    // The next version of the program has others.
    response.headers.push(("Cache-Control", "no-cache".to_owned()));
    response
}
