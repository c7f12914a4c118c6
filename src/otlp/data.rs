//! What the lines of an entity come to: its members, of which later ones take the place of earlier ones or are merged
//! with them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::json::{JsonText, Members, ObjectWriter, push_list};

/// Members that are merged by key.
const MERGED: [&str; 5] = ["tags", "metadata", "metrics", "modelParameters", "cost"];
/// Members that are lists to which is added.
pub const ADDED: &str = "messages";
/// Where there are more names than these, they are looked up.
const FEW: usize = 32;

/// Named things in the order in which they were first named.
struct Ordered<'a, T> {
    list: Vec<(Cow<'a, str>, T)>,
    index: HashMap<Cow<'a, str>, usize>,
}

impl<'a, T> Ordered<'a, T> {
    fn with_room(room: usize) -> Self {
        Ordered { list: Vec::with_capacity(room), index: HashMap::new() }
    }

    /// What has that name, or the name itself for what is to get it.
    fn find(&mut self, name: &str) -> Option<&mut T> {
        let at = match self.list.len() {
            0..=FEW => self.list.iter().position(|(known, _)| known == name)?,
            _ => *self.index.get(name)?,
        };
        self.list.get_mut(at).map(|(_, thing)| thing)
    }

    fn push(&mut self, name: Cow<'a, str>, thing: T) {
        if self.list.len() == FEW {
            let known = self.list.iter().enumerate();
            self.index = known.map(|(at, (name, _))| (name.clone(), at)).collect();
        }
        if self.list.len() >= FEW {
            self.index.insert(name.clone(), self.list.len());
        }
        self.list.push((name, thing));
    }
}

/// A member.
#[derive(Clone, Debug)]
pub enum MemberValue<'a> {
    /// As it was said.
    One(JsonText<'a>),
    /// Objects of which later ones stand above earlier ones, or lists one after the other.
    Several(Vec<JsonText<'a>>),
}

impl<'a> MemberValue<'a> {
    fn parts(&self) -> &[JsonText<'a>] {
        match self {
            MemberValue::One(json) => std::slice::from_ref(json),
            MemberValue::Several(parts) => parts,
        }
    }

    /// As it was said last.
    pub fn json(&self) -> JsonText<'a> {
        match self {
            MemberValue::One(json) => *json,
            // There are some.
            MemberValue::Several(parts) => parts[parts.len() - 1],
        }
    }

    /// A member of it.
    pub fn get(&self, name: &str) -> Option<JsonText<'a>> {
        self.parts().iter().rev().find_map(|part| part.get(name))
    }

    /// The members of an object, each once.
    pub fn members(&self) -> Vec<(Cow<'a, str>, JsonText<'a>)> {
        let mut members = Ordered::with_room(4);
        for (name, value) in self.parts().iter().flat_map(|part| part.members()) {
            match members.find(&name) {
                Some(known) => *known = value,
                None => members.push(name, value),
            }
        }
        members.list
    }

    /// The elements of a list.
    pub fn elements(&self) -> Vec<JsonText<'a>> {
        self.parts().iter().flat_map(|part| part.elements()).collect()
    }

    /// Its JSON.
    pub fn raw(&self) -> Cow<'a, str> {
        match self {
            MemberValue::One(json) => json.raw().into(),
            MemberValue::Several(_) => {
                let mut out = String::new();
                self.write(&mut out, |_| false);
                out.into()
            }
        }
    }

    fn write(&self, out: &mut String, is_left_out: impl Fn(JsonText<'a>) -> bool) {
        if self.json().is_array() {
            let elements = self.elements().into_iter().filter(|element| !is_left_out(*element));
            push_list(out, elements, |out, element| out.push_str(element.raw()));
            return;
        }
        match self {
            MemberValue::One(json) => out.push_str(json.raw()),
            MemberValue::Several(_) => {
                let mut object = ObjectWriter::begin(out);
                for (name, value) in self.members() {
                    object.raw(&name, value.raw());
                }
                object.end();
            }
        }
    }
}

/// So many places of members are kept: more than most entities have.
const PLACES: usize = 8;

/// Where a member stands in a text: its name, and its value.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemberPlace {
    name: (u16, u16),
    value: (u16, u16),
}

impl MemberPlace {
    fn of(self, said: &str) -> (&str, JsonText<'_>) {
        let part = |(start, end): (u16, u16)| &said[usize::from(start)..usize::from(end)];
        (part(self.name), JsonText::seen(part(self.value)))
    }
}

/// Where all members of a text stand, if they are few and near enough: what has been seen need not be looked for again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Places {
    list: [MemberPlace; PLACES],
    count: u8,
    /// Whether some are missing here.
    are_more: bool,
}

impl Places {
    /// Adds one. A name with escapes is not the text that stands there.
    #[inline]
    pub fn add(&mut self, name: Range<usize>, has_escapes: bool, value: Range<usize>) {
        let short = |range: Range<usize>| Some((range.start.try_into().ok()?, range.end.try_into().ok()?));
        match (short(name).zip(short(value)), self.list.get_mut(usize::from(self.count))) {
            (Some((name, value)), Some(place)) if !has_escapes => {
                *place = MemberPlace { name, value };
                self.count += 1;
            }
            _ => self.are_more = true,
        }
    }

    /// Adds those of a text that stands from here on.
    pub fn extend(&mut self, others: &Places, at: usize) {
        let moved = |(start, end): (u16, u16)| at + usize::from(start)..at + usize::from(end);
        for place in &others.list[..usize::from(others.count)] {
            self.add(moved(place.name), false, moved(place.value));
        }
        self.are_more |= others.are_more;
    }

    /// Those of a text of which nothing is known.
    pub fn unknown() -> Places {
        Places { are_more: true, ..Places::default() }
    }

    /// All of them, in order.
    fn all(&self) -> Option<&[MemberPlace]> {
        (!self.are_more).then(|| &self.list[..usize::from(self.count)])
    }
}

/// One more member, which takes the place of an earlier one or is merged with it.
#[inline]
fn add<'a>(
    members: &mut Ordered<'a, MemberValue<'a>>,
    name: Cow<'a, str>,
    value: JsonText<'a>,
    is_generation: bool,
) {
    let is_own = match &*name {
        // These have become an entity's own fields.
        "startTimestamp" | "endTimestamp" | "id" => true,
        "sessionId" => value.is_text(),
        "spanId" => is_generation,
        _ => false,
    };
    if is_own {
        return;
    }
    let Some(known) = members.find(&name) else {
        return members.push(name, MemberValue::One(value));
    };
    let before = known.json();
    let is_more = (MERGED.contains(&&*name) && before.is_object() && value.is_object())
        || (name == ADDED && before.is_array() && value.is_array());
    match known {
        MemberValue::Several(parts) if is_more => parts.push(value),
        known if is_more => *known = MemberValue::Several(vec![before, value]),
        known => *known = MemberValue::One(value),
    }
}

/// The members of an entity.
pub struct Data<'a> {
    members: Vec<(Cow<'a, str>, MemberValue<'a>)>,
}

impl<'a> Data<'a> {
    /// What objects that stand one after the other come to; `spanId` says where a generation is, and nothing else.
    /// Their members stand at these places.
    pub fn of(said: &'a str, places: &Places, is_generation: bool) -> Data<'a> {
        let mut members = Ordered::with_room(8);
        if let Some(places) = places.all() {
            for place in places {
                let (name, value) = place.of(said);
                add(&mut members, Cow::Borrowed(name), value, is_generation);
            }
            return Data { members: members.list };
        }
        let mut rest = said;
        while !rest.is_empty() {
            let mut object = Members::unseen(rest);
            for (name, value) in &mut object {
                add(&mut members, name, value, is_generation);
            }
            // They were objects when they were said.
            rest = object.rest().unwrap_or_default();
        }
        Data { members: members.list }
    }

    /// A member.
    pub fn get(&self, name: &str) -> Option<&MemberValue<'a>> {
        self.members.iter().find(|(known, _)| known == name).map(|(_, member)| member)
    }

    /// A member as it was said last.
    pub fn json(&self, name: &str) -> Option<JsonText<'a>> {
        self.get(name).map(MemberValue::json)
    }

    /// The text of a member.
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.json(name)?.text()
    }

    /// All members, in order.
    pub fn members(&self) -> impl Iterator<Item = (&Cow<'a, str>, &MemberValue<'a>)> {
        self.members.iter().map(|(name, member)| (name, member))
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Writes it as one object.
    pub fn write(&self, out: &mut String) {
        self.write_but(out, |_, _| false);
    }

    /// Writes it as one object without some elements of lists.
    pub fn write_but(&self, out: &mut String, is_left_out: impl Fn(&str, JsonText<'a>) -> bool) {
        let mut object = ObjectWriter::begin(out);
        for (name, member) in self.members() {
            member.write(object.name(name), |element| is_left_out(name, element));
        }
        object.end();
    }
}
