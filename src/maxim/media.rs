//! An image, a sound or a file that was part of a message or an answer, and is attached to the generation.

use base64::Engine;
use base64::engine::GeneralPurpose;
use base64::engine::{DecodePaddingMode, general_purpose::GeneralPurposeConfig};

use super::attachment::{Attachment, Content};
use super::line::Entity;
use super::logger::Logger;
use super::mime;
use crate::process::unique::Uuid;
use crate::status::Result;
use crate::text::object::Json;

/// Base64, with or without its padding: both are met in the wild.
const fn lenient(alphabet: &base64::alphabet::Alphabet) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, config)
}

const BASE64: GeneralPurpose = lenient(&base64::alphabet::STANDARD);
/// As some clients write bytes into JSON.
const BASE64_OF_URLS: GeneralPurpose = lenient(&base64::alphabet::URL_SAFE);

/// Which side of a generation it belongs to.
#[derive(Clone, Copy)]
pub(super) enum MediaSide {
    Input,
    Output,
}

/// What is attached.
#[derive(Debug, Clone, PartialEq)]
pub struct Media {
    pub(super) mime: Option<String>,
    pub(super) name: Option<String>,
    pub(super) content: Stored,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stored {
    Bytes(Vec<u8>),
    Url(String),
}

impl Media {
    /// The bytes of base64; `None` if it is none.
    pub(super) fn from_base64(mime: Option<&str>, text: &str) -> Option<Media> {
        let bytes = decode(text)?;
        Some(Media { mime: mime.map(str::to_owned), name: None, content: Stored::Bytes(bytes) })
    }

    /// The bytes of a `data:` URI, else a link.
    pub(super) fn from_url(url: &str) -> Media {
        data_uri(url).unwrap_or_else(|| Media {
            mime: None,
            name: None,
            content: Stored::Url(url.to_owned()),
        })
    }

    /// Whether its content is at hand, not only where it is.
    pub(super) fn has_bytes(&self) -> bool {
        matches!(self.content, Stored::Bytes(_))
    }

    /// The MIME type, as far as it was given.
    pub(super) fn mime(&self) -> Option<&str> {
        self.mime.as_deref()
    }

    /// Attaches it to a generation, under this id.
    pub(super) fn attach(&self, logger: &Logger, generation: &str, id: &Uuid, side: MediaSide) -> Result<()> {
        let tags: &[u8] = match side {
            MediaSide::Input => br#"{"attach-to":"input"}"#,
            MediaSide::Output => br#"{"attach-to":"output"}"#,
        };
        let attachment = Attachment {
            id: id.as_str(),
            content: match &self.content {
                Stored::Bytes(bytes) => Content::Data(bytes),
                Stored::Url(url) => Content::Url(url),
            },
            name: self.name.as_deref(),
            // Said by whoever wrote it: what it is not, it is not called.
            mime_type: self.mime().filter(|mime| mime::is_valid(mime)),
            tags: Some(Json { name: "tags", bytes: tags }),
            metadata: None,
            timestamp: None,
        };
        logger.attach(Entity::Generation, generation, &attachment)
    }
}

/// Attaches all to a generation, whose line has been `logged` somewhere: what one repository has no
/// room for may still be taken by another. The first refusal is the answer.
pub(super) fn attach_all<'m>(
    logged: Result<()>,
    media: impl Iterator<Item = (&'m Uuid, &'m Media)>,
    (logger, generation): (&Logger, &str),
    side: MediaSide,
) -> Result<()> {
    match &logged {
        Err(error) if !error.status.is_want_of_room() => logged,
        _ => media.fold(logged, |result, (id, media)| result.and(media.attach(logger, generation, id, side))),
    }
}

/// The bytes of base64 of either alphabet, line breaks and all.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let has_space = text.bytes().any(|byte| byte.is_ascii_whitespace());
    let packed: String = match has_space {
        true => text.chars().filter(|c| !c.is_ascii_whitespace()).collect(),
        false => String::new(),
    };
    let text = if has_space { &packed } else { text };
    let bytes = BASE64.decode(text).or_else(|_| BASE64_OF_URLS.decode(text)).ok()?;
    (!bytes.is_empty()).then_some(bytes)
}

/// The bytes of a `data:` URI (RFC 2397): `data:image/png;charset=x;base64,…`. One of plain text is none: it is
/// no attachment.
fn data_uri(uri: &str) -> Option<Media> {
    let (head, data) = uri.strip_prefix("data:")?.split_once(',')?;
    let mut parameters = head.split(';');
    let mime = parameters.next().filter(|mime| {
        ["image/", "audio/", "video/", "application/"].iter().any(|kind| mime.starts_with(kind))
    })?;
    let bytes = if parameters.any(|parameter| parameter.eq_ignore_ascii_case("base64")) {
        decode(std::str::from_utf8(&percent_decoded(data)).ok()?)?
    } else {
        percent_decoded(data)
    };
    Some(Media { mime: Some(mime.to_owned()), name: None, content: Stored::Bytes(bytes) })
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.first_chunk::<2>().filter(|_| byte == b'%');
        let decoded = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(decoded.unwrap_or(byte));
        rest = if decoded.is_some() { &after[2..] } else { after };
    }
    out
}
