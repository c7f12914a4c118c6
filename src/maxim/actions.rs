//! What can be said of an entity that exists: tags, events, feedback, metrics, results, ends.
//!
//! Entities are named by id, so another thread, process or host can go on with them.

use std::collections::BTreeSet;

use super::create::push_provider;
use super::line::{self, Action, Entity, action};
use super::logger::Logger;
use super::media::{self, Media, MediaSide};
use super::messages;
use super::result;
use crate::process::clock;
use crate::process::unique::Uuid;
use crate::status::{Error, Result, Status};
use crate::text::buffer::Buffer;
use crate::text::escape;
use crate::text::json::{self, Shape};
use crate::text::lossy;
use crate::text::object::{Json, Key, Object, key};
use crate::text::scratch;

/// How a generation or a tool call failed.
#[derive(Clone, Copy, Default)]
pub struct Failure<'a> {
    /// What went wrong, for a person.
    pub message: Option<&'a str>,
    /// The provider's code.
    pub code: Option<&'a str>,
    /// The kind of error.
    pub kind: Option<&'a str>,
}

/// Something that happened at one time.
pub struct Event<'a> {
    /// Its id.
    pub id: &'a str,
    /// What happened.
    pub name: &'a str,
    /// A JSON object.
    pub tags: Option<Json<'a>>,
    /// A JSON object.
    pub metadata: Option<Json<'a>>,
    /// When, in Unix microseconds.
    pub time: i64,
}

impl Logger {
    /// An update of one entity.
    #[inline(always)]
    fn update(
        &self,
        entity: Entity,
        id: &str,
        members: impl FnOnce(&mut Object<'_>) -> Result<()>,
    ) -> Result<()> {
        self.log(|lines| lines.line(entity, id, action!("update"), members))
    }

    /// An update that sets one string.
    pub fn set_text(&self, entity: Entity, id: &str, key: Key, value: &str) -> Result<()> {
        self.update(entity, id, |line| {
            line.text(key, value);
            Ok(())
        })
    }

    /// An update that sets one JSON value.
    pub fn set_json(&self, entity: Entity, id: &str, key: Key, value: Json<'_>, shape: Shape) -> Result<()> {
        self.update(entity, id, |line| line.json(key, value, shape))
    }

    /// An update that sets a time, given as Unix microseconds.
    pub fn set_time(&self, entity: Entity, id: &str, key: Key, unix_us: i64) -> Result<()> {
        self.update(entity, id, |line| {
            line.time(key, unix_us);
            Ok(())
        })
    }

    /// Adds one tag.
    #[inline(always)]
    pub fn add_tag(&self, entity: Entity, id: &str, key: &str, value: &str) -> Result<()> {
        // The call of which there are most: in a row, so that nothing stands between its pieces.
        let mut line = scratch::lend();
        line::begin(&mut line, entity, id, action!("update", "{\"tags\":{"));
        escape::push_string_and(&mut line, key, *b":");
        escape::push_string_and(&mut line, value, *b"}}}");
        let accepted = self.append(&line);
        line.give_back();
        accepted
    }

    /// Adds metadata.
    pub fn add_metadata(&self, entity: Entity, id: &str, metadata: Json<'_>) -> Result<()> {
        self.update(entity, id, |line| line.metadata(Some(metadata)))
    }

    /// Adds one metric.
    pub fn add_metric(&self, entity: Entity, id: &str, name: &str, value: f64) -> Result<()> {
        check_finite("value", value)?;
        self.update(entity, id, |line| {
            line.named_number(key!("metrics"), name, value);
            Ok(())
        })
    }

    /// Adds several tags: a JSON object.
    pub fn add_tags(&self, entity: Entity, id: &str, tags: Json<'_>) -> Result<()> {
        self.update(entity, id, |line| line.tags(Some(tags)))
    }

    /// Adds an event.
    pub fn add_event(&self, entity: Entity, id: &str, event: &Event<'_>) -> Result<()> {
        self.log(|lines| {
            lines.line(entity, id, action!("add-event"), |line| {
                line.plain(key!("id"), event.id);
                line.text(key!("name"), event.name);
                line.time(key!("timestamp"), event.time);
                line.tags(event.tags)?;
                line.metadata(event.metadata)
            })
        })
    }

    /// Adds feedback: an object with a `score` and whatever else the user said.
    pub fn add_feedback(&self, entity: Entity, id: &str, feedback: Json<'_>) -> Result<()> {
        let object: &mut Buffer = &mut scratch::lend();
        feedback.compact(Shape::Object, object)?;
        self.log(|lines| {
            lines.line(entity, id, action!("add-feedback"), |line| {
                push_members(line, object);
                Ok(())
            })
        })
    }

    /// Asks for an evaluation by named evaluators.
    pub fn evaluate_with_evaluators(&self, entity: Entity, id: &str, evaluators: Json<'_>) -> Result<()> {
        self.log(|lines| {
            lines.line(entity, id, action!("evaluate"), |line| {
                line.plain(key!("with"), "evaluators");
                push_evaluators(line, evaluators)
            })
        })
    }

    /// Asks for an evaluation by named evaluators, with values for their variables.
    pub fn evaluate_with_variables(
        &self,
        entity: Entity,
        id: &str,
        variables: Json<'_>,
        evaluators: Json<'_>,
    ) -> Result<()> {
        self.log(|lines| {
            lines.line(entity, id, action!("evaluate"), |line| {
                line.plain(key!("with"), "variables");
                line.json(key!("variables"), variables, Shape::Object)?;
                push_evaluators(line, evaluators)
            })
        })
    }

    /// Ends an entity now.
    #[inline]
    pub fn end(&self, entity: Entity, id: &str) -> Result<()> {
        self.log(|lines| lines.line(entity, id, action!("end"), push_end))
    }

    /// Adds what a generation cost, in US dollars: for input and output where that is known, and in total.
    pub fn add_cost(&self, generation: &str, parts: Option<(f64, f64)>, total: f64) -> Result<()> {
        if let Some((input, output)) = parts {
            check_finite("input_usd", input)?;
            check_finite("output_usd", output)?;
        }
        check_finite("total_usd", total)?;
        self.log(|lines| {
            lines.line(Entity::Generation, generation, action!("add-cost"), |line| {
                line.object(key!("cost"), |cost| {
                    if let Some((input, output)) = parts {
                        cost.number(key!("input"), input);
                        cost.number(key!("output"), output);
                    }
                    cost.number(key!("total"), total);
                });
                Ok(())
            })
        })
    }

    /// What is to be attached of messages, and the messages without it.
    pub(super) fn take_media(&self, messages: Json<'_>) -> Result<Option<(Vec<u8>, Vec<Media>)>> {
        if self.extracts_media() { messages::take_media(messages) } else { Ok(None) }
    }

    /// Adds a message to a generation; images, sounds and files in it become attachments.
    pub fn add_message(&self, generation: &str, message: Json<'_>) -> Result<()> {
        let list: &mut Buffer = &mut scratch::lend();
        list.push(b'[');
        message.compact(Shape::Object, list)?;
        list.push(b']');
        let media = self.take_media(Json { name: message.name, bytes: list })?;
        let messages = media.as_ref().map_or(&list[..], |(messages, _)| messages);
        let logged = self.update(Entity::Generation, generation, |line| {
            line.compacted(key!("messages"), messages);
            Ok(())
        });
        messages::attach_all(logged, media.as_ref().map_or(&[], |(_, media)| media), self, generation)
    }

    /// Sets a generation's parameters.
    pub fn set_model_parameters(&self, generation: &str, parameters: Json<'_>) -> Result<()> {
        self.update(Entity::Generation, generation, |line| line.model_parameters(Some(parameters)))
    }

    /// Sets a span's input.
    pub fn set_span_input(&self, span: &str, input: &str) -> Result<()> {
        self.update(Entity::Span, span, |line| {
            line.object(key!("input"), |value| {
                value.text(key!("type"), "text");
                value.text(key!("value"), input);
            });
            Ok(())
        })
    }

    /// One last line of an entity, and its end.
    fn log_and_end(
        &self,
        entity: Entity,
        id: &str,
        action: Action<'_>,
        members: impl FnOnce(&mut Object<'_>),
    ) -> Result<()> {
        self.log(|lines| {
            lines.line(entity, id, action, |line| {
                members(line);
                Ok(())
            })?;
            lines.line(entity, id, action!("end"), push_end)
        })
    }

    /// Logs a provider's result and ends the generation.
    pub fn generation_result(&self, generation: &str, given: Json<'_>, mode: result::Mode) -> Result<()> {
        let normal: &mut Buffer = &mut scratch::lend();
        let told = result::normalise_text(
            given,
            mode,
            self.extracts_media(),
            &|| self.models.get(generation),
            normal,
        )?;
        let logged = self.log_and_end(Entity::Generation, generation, action!("result"), |line| {
            line.compacted(key!("result"), normal);
        });
        if told.is_nothing() { logged } else { self.see_to(told, generation, logged) }
    }

    /// What there is to do beside logging a result: attach what was in it, tell that it was not recognised.
    #[cold]
    fn see_to(&self, told: result::Told, generation: &str, logged: Result<()>) -> Result<()> {
        if let (Some(why), Ok(())) = (&told.unknown, &logged) {
            self.remark_result(generation, why);
        }
        let media = told.media.iter().map(|(id, media)| (id, media));
        media::attach_all(logged, media, (self, generation), MediaSide::Output)
    }

    /// Sets a generation's model.
    pub fn set_model(&self, generation: &str, model: &str) -> Result<()> {
        self.set_text(Entity::Generation, generation, key!("model"), model)?;
        self.models.note(generation, model);
        Ok(())
    }

    /// Sets a generation's provider.
    pub fn set_provider(&self, generation: &str, provider: &str) -> Result<()> {
        self.update(Entity::Generation, generation, |line| {
            push_provider(line, Some(provider));
            Ok(())
        })
    }

    /// Logs a generation's failure and ends the generation.
    pub fn generation_error(&self, generation: &str, failure: Failure<'_>) -> Result<()> {
        let id = Uuid::new();
        self.log_and_end(Entity::Generation, generation, action!("result"), |line| {
            line.object(key!("result"), |result| {
                result.object(key!("error"), |error| {
                    error.text(key!("message"), failure.message.unwrap_or(""));
                    error.text(key!("code"), failure.code.unwrap_or(""));
                    error.text(key!("type"), failure.kind.unwrap_or(""));
                });
                result.plain(key!("id"), id.as_str());
            });
        })
    }

    /// Logs the documents that a retrieval found, and ends it. One document may stand alone; null is none.
    pub fn retrieval_output(&self, retrieval: &str, documents: Option<Json<'_>>) -> Result<()> {
        let list: &mut Buffer = &mut scratch::lend();
        documents.map_or(Ok(()), |documents| documents.compact(Shape::Any, list))?;
        if **list == *b"null" {
            list.clear();
        }
        let (open, close): (&[u8], &[u8]) = if list.starts_with(b"[") { (b"", b"") } else { (b"[", b"]") };
        self.log_and_end(Entity::Retrieval, retrieval, action!("update"), |line| {
            line.written(key!("docs"), |out| {
                [open, list, close].into_iter().for_each(|piece| out.extend_from_slice(piece));
            });
        })
    }

    /// Changes members of a tool call; null members are left out.
    pub fn tool_call_update(&self, tool_call: &str, data: Json<'_>) -> Result<()> {
        let object: &mut Buffer = &mut scratch::lend();
        data.compact(Shape::Object, object)?;
        self.update(Entity::ToolCall, tool_call, |line| {
            push_members(line, object);
            Ok(())
        })
    }

    /// Logs a tool call's result and ends it.
    pub fn tool_call_result(&self, tool_call: &str, result: Option<&str>) -> Result<()> {
        self.log_and_end(Entity::ToolCall, tool_call, action!("result"), |line| {
            // As the public clients write a result that is none.
            line.text(key!("result"), result.unwrap_or("null"))
        })
    }

    /// Logs a tool call's failure and ends it.
    pub fn tool_call_error(&self, tool_call: &str, failure: Failure<'_>) -> Result<()> {
        self.log_and_end(Entity::ToolCall, tool_call, action!("error"), |line| {
            line.object(key!("error"), |error| {
                error.optional_text(key!("message"), failure.message);
                error.optional_text(key!("code"), failure.code);
                error.optional_text(key!("type"), failure.kind);
            });
        })
    }

    /// A line of the caller's making: any action on any entity.
    pub fn commit(&self, entity: Entity, id: &str, action: &str, data: Json<'_>) -> Result<()> {
        let is_action = |text: &str| {
            !text.is_empty()
                && text.len() <= MAX_ACTION_BYTES
                && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        };
        if !is_action(action) {
            let reason = format!("action: 1 to {MAX_ACTION_BYTES} characters of a-z and - (add-span, say)");
            return Err(Error::new(Status::InvalidArgument, reason));
        }
        self.log(|lines| lines.line_of_object(entity, id, Action::Named(action), data))
    }
}

/// The longest action of the log API has 17 characters.
const MAX_ACTION_BYTES: usize = 64;

/// Writes the members of a compacted object but those that are null.
fn push_members(line: &mut Object<'_>, object: &[u8]) {
    for (key, value) in json::members(object).filter(|(_, value)| *value != b"null") {
        line.member(key, value);
    }
}

fn push_end(line: &mut Object<'_>) -> Result<()> {
    line.time(key!("endTimestamp"), clock::now_us());
    Ok(())
}

fn push_evaluators(line: &mut Object<'_>, evaluators: Json<'_>) -> Result<()> {
    let list: &mut Buffer = &mut scratch::lend();
    evaluators.compact(Shape::Array, list)?;
    if **list == *b"[]" {
        let reason = format!("{}: at least one evaluator must be given", evaluators.name);
        return Err(Error::new(Status::InvalidArgument, reason));
    }
    if json::elements(list).any(|name| !name.starts_with(b"\"")) {
        let reason = format!("{}: every evaluator is named by a string", evaluators.name);
        return Err(Error::new(Status::InvalidArgument, reason));
    }
    line.written(key!("evaluators"), |out| push_distinct(list, out));
    line.time(key!("timestamp"), clock::now_us());
    Ok(())
}

/// Up to so many evaluators are compared one by one, which allocates nothing.
const FEW_EVALUATORS: usize = 64;

/// The elements of a list, each once.
fn push_distinct(list: &[u8], out: &mut Buffer) {
    out.push(b'[');
    let are_few = json::elements(list).nth(FEW_EVALUATORS).is_none();
    let mut seen = BTreeSet::new();
    let mut is_new = |(at, element): &(usize, &'_ [u8])| match are_few {
        true => json::elements(list).take(*at).all(|earlier| earlier != *element),
        false => seen.insert(element.to_vec()),
    };
    for (_, element) in json::elements(list).enumerate().filter(|each| is_new(each)) {
        if !out.ends_with(b"[") {
            out.push(b',');
        }
        out.extend_from_slice(element);
    }
    out.push(b']');
}

fn check_finite(name: &str, value: f64) -> Result<()> {
    if value.is_finite() || lossy::active() {
        return Ok(());
    }
    Err(Error::new(Status::InvalidArgument, format!("{name}: {value} is not a number that JSON can hold")))
}
