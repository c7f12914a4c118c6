//! The kinds of secrets that are known by their looks: each finds the next one in a text.
//!
//! All read a text once, in linear time. Where looks are not enough they check: a card's number has a sum of its own
//! (Luhn) and a known beginning, an address parses.

use std::net::Ipv6Addr;
use std::ops::Range;

/// A kind of secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preset {
    Email,
    Card,
    ApiKey,
    Phone,
    Ip,
}

impl Preset {
    pub const ALL: [(&'static str, Preset); 5] = [
        ("email", Preset::Email),
        ("card", Preset::Card),
        ("api_key", Preset::ApiKey),
        ("phone", Preset::Phone),
        ("ip", Preset::Ip),
    ];

    /// The first one at or behind `from`.
    pub fn find(self, text: &str, from: usize) -> Option<Range<usize>> {
        let bytes = text.as_bytes();
        match self {
            Preset::Email => email(bytes, from),
            Preset::Card => card(bytes, from),
            Preset::ApiKey => api_key(bytes, from),
            Preset::Phone => phone(bytes, from),
            Preset::Ip => ip(bytes, from),
        }
    }

    /// Whether numbers without quotes are searched for it too.
    pub fn is_in_numbers(self) -> bool {
        matches!(self, Preset::Card)
    }
}

/// The longest e-mail address there may be (RFC 5321), with some room for percent-encoding.
const LONGEST_EMAIL: usize = 320;

fn email(text: &[u8], from: usize) -> Option<Range<usize>> {
    let in_local =
        |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80 || b"!#$%&'*+-^_`{|}~.".contains(&byte);
    let in_domain = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80 || byte == b'-' || byte == b'.';
    let mut at = from;
    loop {
        at += memchr::memchr2(b'@', b'%', text.get(at..)?)?;
        let sign = match &text[at..] {
            [b'@', ..] => 1,
            [b'%', b'4', b'0', ..] => 3,
            _ => {
                at += 1;
                continue;
            }
        };
        let first = from.max(at.saturating_sub(LONGEST_EMAIL));
        let local = text[first..at].iter().rev().take_while(|byte| in_local(**byte)).count();
        let domain = &text[at + sign..text.len().min(at + sign + LONGEST_EMAIL)];
        let mut length = domain.iter().take_while(|byte| in_domain(**byte)).count();
        while length > 0 && matches!(domain[length - 1], b'.' | b'-') {
            length -= 1;
        }
        let dot = domain[..length].iter().rposition(|byte| *byte == b'.');
        if local > 0 && dot.is_some_and(|dot| dot > 0) {
            let start = password_before(text, from, at - local).unwrap_or(at - local);
            return Some(whole_characters(text, start..at + sign + length));
        }
        at += sign;
    }
}

/// A range that a limit may have cut within a character, without that one.
fn whole_characters(text: &[u8], range: Range<usize>) -> Range<usize> {
    let boundary = |at: usize| text.get(at).is_none_or(|byte| byte & 0xc0 != 0x80);
    let start = (range.start..range.end).find(|at| boundary(*at)).unwrap_or(range.end);
    let end = (range.end..=text.len()).find(|at| boundary(*at)).unwrap_or(text.len());
    start..end
}

/// A run of digits without anything between them.
#[derive(Clone, Copy)]
struct DigitGroup {
    start: usize,
    end: usize,
}

impl DigitGroup {
    fn digits(self) -> usize {
        self.end - self.start
    }
}

/// The most groups of digits that a number of any kind is written in, and two for what stands before it.
const GROUPS: usize = 22;

/// Groups of digits with one or two separators between them, from the first digit at or behind `from` on that no
/// letter or digit precedes; and where to go on.
fn groups(text: &[u8], from: usize, separators: &[&[u8]]) -> Option<(Vec<DigitGroup>, usize)> {
    let mut at = from;
    loop {
        at += text.get(at..)?.iter().position(u8::is_ascii_digit)?;
        // What is cut off from a longer word is no number.
        if at == 0 || at == from || !(text[at - 1].is_ascii_alphanumeric() || text[at - 1] == b'_') {
            break;
        }
        at += text[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    }
    let mut groups = Vec::new();
    loop {
        let digits = text[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        groups.push(DigitGroup { start: at, end: at + digits });
        at += digits;
        if groups.len() == GROUPS {
            break;
        }
        let mut next = at;
        for _ in 0..3 {
            let found = separators.iter().find(|separator| text[next..].starts_with(separator));
            next += found.map_or(0, |separator| separator.len());
        }
        if next == at || !text.get(next).is_some_and(u8::is_ascii_digit) {
            break;
        }
        at = next;
    }
    Some((groups, at))
}

/// What people write between the digits of a card, and how a URL has a blank.
const CARD_SEPARATORS: &[&[u8]] =
    &[b" ", b"-", b".", b"_", b"/", b"+", b"%20", b"\xc2\xa0", b"\xe2\x80\x91", b"\xe2\x80\x93"];

fn card(text: &[u8], from: usize) -> Option<Range<usize>> {
    let mut at = from;
    loop {
        let (mut groups, next) = groups(text, at, CARD_SEPARATORS)?;
        // The digits of an escape before a card in a URL; no card begins like a blank's.
        let first = groups[0];
        if first.digits() > 2 && first.start > at && text[first.start - 1..].starts_with(b"%20") {
            groups[0].start += 2;
        }
        // The longest one from the earliest beginning.
        for first in 0..groups.len() {
            let mut digits = Vec::with_capacity(19);
            let mut found = None;
            for group in &groups[first..] {
                if digits.len() + group.digits() > 19 {
                    break;
                }
                digits.extend(text[group.start..group.end].iter().map(|byte| byte - b'0'));
                if is_card(&digits) {
                    found = Some(groups[first].start..group.end);
                }
            }
            if found.is_some() {
                return found;
            }
        }
        at = next.max(at + 1);
    }
}

/// Whether digits are a card's number: the length that belongs to its beginning, and the sum.
fn is_card(digits: &[u8]) -> bool {
    let head = |count: usize| digits.iter().take(count).fold(0, |head, digit| head * 10 + u32::from(*digit));
    let (two, three, four) = (head(2), head(3), head(4));
    let length = digits.len();
    let known = match two {
        40..=49 => matches!(length, 13 | 16 | 19),
        34 | 37 => length == 15,
        51..=55 => length == 16,
        22..=27 => length == 16 && matches!(four, 2200..=2204 | 2221..=2720),
        30 | 36 | 38 | 39 => matches!(length, 14..=19) && (two != 30 || matches!(three, 300..=305 | 309)),
        35 => matches!(length, 16..=19),
        50 | 56..=69 | 81 => matches!(length, 12..=19),
        _ => false,
    };
    known && length >= 12 && luhn(digits)
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match u32::from(*digit) {
            digit if place % 2 == 0 => digit,
            digit => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    sum % 10 == 0
}

/// What people write between the digits of a telephone number; a bracket with a blank counts as one of three.
const PHONE_SEPARATORS: &[&[u8]] =
    &[b" ", b"-", b".", b"/", b"(", b")", b"\xc2\xa0", b"\xe2\x80\x91", b"\xe2\x80\x93"];

fn phone(text: &[u8], from: usize) -> Option<Range<usize>> {
    let mut at = from;
    loop {
        let (groups, next) = groups(text, at, PHONE_SEPARATORS)?;
        for first in 0..groups.len() {
            if let Some(end) = phone_end(text, &groups[first..]) {
                let mut start = groups[first].start;
                while start > from && matches!(text[start - 1], b'+' | b'(') {
                    start -= 1;
                }
                return Some(start..end);
            }
        }
        at = next.max(at + 1);
    }
}

/// Where a telephone number ends that begins with the first of these groups.
fn phone_end(text: &[u8], groups: &[DigitGroup]) -> Option<usize> {
    let first = groups[0];
    let before = text[..first.start].iter().rev().find(|byte| **byte != b'(').copied();
    let longest = |least: usize, most: usize| {
        let mut digits = 0;
        let counted = groups.iter().map(|group| {
            digits += group.digits();
            (digits, group.end)
        });
        let fits = counted.take_while(|(digits, _)| *digits <= most);
        fits.filter(|(digits, _)| *digits >= least).last().map(|(_, end)| end)
    };
    if before == Some(b'+') {
        return longest(7, 15);
    }
    let lengths: Vec<usize> = groups.iter().take(4).map(|group| group.digits()).collect();
    match lengths[..] {
        // A day.
        [1 | 2, 1 | 2, 4, ..] => return None,
        [3, 3, 4, ..] => return Some(groups[2].end),
        [1, 3, 3, 4, ..] if text[first.start] == b'1' => return Some(groups[3].end),
        _ => {}
    }
    match &text[first.start..first.end] {
        [b'0', b'0', b'1'..=b'9', ..] => longest(10, 17),
        [b'0', b'0'] => longest(10, 17),
        [b'0', b'1'..=b'9', ..] => longest(9, 13),
        _ => None,
    }
}

/// The longest text that is an address of either kind, with a port.
const LONGEST_ADDRESS: usize = 48;

fn ip(text: &[u8], from: usize) -> Option<Range<usize>> {
    let mut at = from;
    loop {
        // A run of what addresses are made of.
        let in_address = |byte: u8| byte.is_ascii_hexdigit() || byte == b':' || byte == b'.';
        at += text.get(at..)?.iter().position(|byte| in_address(*byte))?;
        let length = text[at..].iter().take_while(|byte| in_address(**byte)).count();
        let end = at + length;
        let joined = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let is_six = !joined(text[..at].last()) || matches!(text[at], b':');
        let may_be_six = is_six && !joined(text.get(end)) && length <= LONGEST_ADDRESS;
        let found = if may_be_six { six(text, at..end) } else { None };
        if let Some(found) = found.or_else(|| four(text, at..end)) {
            return Some(found);
        }
        at = end;
    }
}

/// An IPv6 address in a run, without the stops of a sentence around it.
fn six(text: &[u8], run: Range<usize>) -> Option<Range<usize>> {
    let mut run = run;
    if text[run.clone()].iter().filter(|byte| **byte == b':').count() < 2 {
        return None;
    }
    loop {
        let part = std::str::from_utf8(&text[run.clone()]).ok()?;
        if part.len() > 2 && part.parse::<Ipv6Addr>().is_ok() {
            return Some(run);
        }
        if part.len() <= 2 {
            return None;
        }
        match (part.as_bytes()[0], part.as_bytes()[part.len() - 1]) {
            (_, b'.' | b':') => run.end -= 1,
            (b'.' | b':', _) => run.start += 1,
            _ => return None,
        }
    }
}

/// The first IPv4 address in a run: four numbers up to 255 that are no part of a longer row of numbers.
fn four(text: &[u8], run: Range<usize>) -> Option<Range<usize>> {
    let mut at = run.start;
    while at < run.end {
        let before = text[..at].last().copied().unwrap_or(b' ');
        if !text[at].is_ascii_digit() || before.is_ascii_alphanumeric() || before == b'.' {
            at += 1;
            continue;
        }
        let mut end = at;
        let mut numbers = 0;
        loop {
            let digits = text[end..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            let value = text[end..end + digits.min(4)]
                .iter()
                .fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
            if !(1..=3).contains(&digits) || value > 255 {
                numbers = 0;
                break;
            }
            numbers += 1;
            end += digits;
            match text[end..] {
                [b'.', b'0'..=b'9', ..] => end += 1,
                _ => break,
            }
        }
        let follows = text.get(end).is_some_and(u8::is_ascii_alphabetic);
        if numbers == 4 && !follows {
            return Some(at..end);
        }
        at = end.max(at + 1);
    }
    None
}

/// What a key may consist of behind its beginning.
#[derive(Clone, Copy)]
enum KeyBody {
    /// Letters, digits, `_` and `-`.
    Word,
    /// As well as dots.
    Dotted,
    /// All of base64 and tokens (RFC 6750).
    Token,
    /// A path.
    Path,
}

impl KeyBody {
    fn has(self, byte: u8) -> bool {
        byte.is_ascii_alphanumeric()
            || match self {
                KeyBody::Word => b"_-".contains(&byte),
                KeyBody::Dotted => b"_-.".contains(&byte),
                KeyBody::Token => b"_-.~+/=".contains(&byte),
                KeyBody::Path => b"_-/".contains(&byte),
            }
    }
}

/// How keys begin, how long they go on at least, and with what: OpenAI, Anthropic and who took after them; Stripe;
/// GitHub, GitLab, Slack; AWS, Google, Azure; Hugging Face, npm, PyPI, DigitalOcean, Groq, xAI, Replicate, NVIDIA,
/// SendGrid, LangSmith, Pinecone, Tavily, Mailgun, Perplexity, Fireworks; JSON web tokens; HTTP's authorization.
const KEYS: &[(&str, usize, KeyBody)] = &[
    ("sk-", 16, KeyBody::Word),
    ("pk-", 16, KeyBody::Word),
    ("sk_live_", 10, KeyBody::Word),
    ("sk_test_", 10, KeyBody::Word),
    ("rk_live_", 10, KeyBody::Word),
    ("rk_test_", 10, KeyBody::Word),
    ("pk_live_", 10, KeyBody::Word),
    ("pk_test_", 10, KeyBody::Word),
    ("sk_mx_", 8, KeyBody::Word),
    ("whsec_", 16, KeyBody::Token),
    ("ghp_", 30, KeyBody::Word),
    ("gho_", 30, KeyBody::Word),
    ("ghu_", 30, KeyBody::Word),
    ("ghs_", 30, KeyBody::Word),
    ("ghr_", 30, KeyBody::Word),
    ("github_pat_", 30, KeyBody::Word),
    ("glpat-", 16, KeyBody::Word),
    ("xoxa-", 10, KeyBody::Word),
    ("xoxb-", 10, KeyBody::Word),
    ("xoxp-", 10, KeyBody::Word),
    ("xoxr-", 10, KeyBody::Word),
    ("xoxs-", 10, KeyBody::Word),
    ("xapp-", 10, KeyBody::Word),
    ("hooks.slack.com/services/", 20, KeyBody::Path),
    ("AKIA", 16, KeyBody::Word),
    ("ASIA", 16, KeyBody::Word),
    ("AIza", 30, KeyBody::Word),
    ("ya29.", 20, KeyBody::Dotted),
    ("GOCSPX-", 20, KeyBody::Word),
    ("AccountKey=", 40, KeyBody::Token),
    ("hf_", 30, KeyBody::Word),
    ("npm_", 30, KeyBody::Word),
    ("pypi-", 30, KeyBody::Word),
    ("dop_v1_", 40, KeyBody::Word),
    ("gsk_", 30, KeyBody::Word),
    ("xai-", 30, KeyBody::Word),
    ("r8_", 30, KeyBody::Word),
    ("nvapi-", 30, KeyBody::Word),
    ("SG.", 30, KeyBody::Dotted),
    ("lsv2_", 20, KeyBody::Word),
    ("pcsk_", 20, KeyBody::Word),
    ("tvly-", 16, KeyBody::Word),
    ("key-", 32, KeyBody::Word),
    ("pplx-", 30, KeyBody::Word),
    ("fw_", 20, KeyBody::Word),
    ("eyJ", 30, KeyBody::Dotted),
    ("Bearer ", 16, KeyBody::Token),
    ("bearer ", 16, KeyBody::Token),
    ("Basic ", 16, KeyBody::Token),
    ("basic ", 16, KeyBody::Token),
];

const PEM: &[u8] = b"-----BEGIN ";
const PEM_END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

fn api_key(text: &[u8], from: usize) -> Option<Range<usize>> {
    let mut at = from;
    while at < text.len() {
        let byte = text[at];
        let begins = at == 0 || !text[at - 1].is_ascii_alphanumeric();
        if byte == b'-' && text[at..].starts_with(PEM) {
            if let Some(end) = pem_end(text, at) {
                return Some(at..end);
            }
        } else if byte == b':' && text[at..].starts_with(b"://") {
            if let Some(length) = user_info(&text[from..at], &text[at + 3..]) {
                return Some(at + 3..at + 3 + length);
            }
        } else if begins && byte.is_ascii_alphabetic() {
            if let Some(found) = KEYS.iter().find_map(|key| key_at(text, at, key)) {
                return Some(found);
            }
        }
        at += 1;
    }
    None
}

fn key_at(text: &[u8], at: usize, (beginning, least, body): &(&str, usize, KeyBody)) -> Option<Range<usize>> {
    let rest = text[at..].strip_prefix(beginning.as_bytes())?;
    let length = rest.iter().take_while(|byte| body.has(**byte)).count();
    let found = &rest[..length];
    // A token has three parts; any JSON in base64 begins alike.
    let is_one = length >= *least && (*beginning != "eyJ" || found.contains(&b'.'));
    let shown = if beginning.ends_with(' ') || beginning.ends_with('=') { beginning.len() } else { 0 };
    is_one.then(|| at + shown..at + beginning.len() + length)
}

/// Where a private key ends, with its last line if it is there.
fn pem_end(text: &[u8], at: usize) -> Option<usize> {
    let label = at + PEM.len();
    let label_end =
        label + memchr::memmem::find(text.get(label..label + 60).unwrap_or(&text[label..]), DASHES)?;
    if !text[label..label_end].ends_with(b"PRIVATE KEY") {
        return None;
    }
    let Some(last) = memchr::memmem::find(&text[label_end..], PEM_END) else { return Some(text.len()) };
    let last = label_end + last + PEM_END.len();
    let dashes = memchr::memmem::find(&text[last..], DASHES);
    Some(dashes.map_or(text.len(), |dashes| last + dashes + DASHES.len()))
}

/// The length of `user:password` before a host; of several `@` the last one ends it, as in every reader of URLs. `before`
/// is what the URL stands behind: the quote that it stands in ends it too.
fn user_info(before: &[u8], rest: &[u8]) -> Option<usize> {
    let in_scheme = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    let scheme = before.iter().rev().take_while(in_scheme).count();
    let opening = before[..before.len() - scheme].last().copied();
    let quote = opening.filter(|byte| b"\"'`".contains(byte));
    let ends = |byte: u8| {
        b"/?#".contains(&byte)
            || byte.is_ascii_whitespace()
            || Some(byte) == quote
            || byte == b'>' && opening == Some(b'<')
    };
    let length = rest.iter().position(|byte| ends(*byte)).unwrap_or(rest.len());
    let at = memchr::memrchr(b'@', &rest[..length])?;
    rest[..at].contains(&b':').then_some(at)
}

/// Where `user:password` of a URL begins that an e-mail address was found in: behind the user's name.
fn password_before(text: &[u8], from: usize, found: usize) -> Option<usize> {
    let first = from.max(found.saturating_sub(LONGEST_EMAIL));
    let before = &text[first..found];
    let start = memchr::memmem::rfind(before, b"://")? + 3;
    let info = &before[start..];
    let ends = |byte: &u8| b"/?#".contains(byte) || byte.is_ascii_whitespace();
    let colon = memchr::memchr(b':', info).filter(|_| !info.iter().any(ends))?;
    Some(first + start + colon + 1)
}
