//! The names of both dialects, and of what neither knows: nowhere else.
//!
//! The convention for generative AI is under development and changes its names: this file is what to look at when a
//! version is taken over, and [`SCHEMA_URL`] tells backends which one it is. OpenInference is that of Phoenix and
//! Langfuse, which show kinds, retrievals and tools by it alone.

/// The last version of the semantic conventions that has those for generative AI in it.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.41.0";
/// The instrumentation scope.
pub const SCOPE_NAME: &str = "libmaxim";
/// Its version.
pub const SCOPE_VERSION: &str = env!("CARGO_PKG_VERSION");

macro_rules! names {
    ($($name:ident = $text:literal;)*) => {
        $(#[doc = concat!("`", $text, "`")] pub const $name: &str = $text;)*
    };
}

/// OpenTelemetry's semantic conventions.
pub mod gen_ai {
    names! {
        OPERATION = "gen_ai.operation.name";
        PROVIDER = "gen_ai.provider.name";
        CONVERSATION = "gen_ai.conversation.id";
        REQUEST_MODEL = "gen_ai.request.model";
        REQUEST = "gen_ai.request.";
        INPUT_MESSAGES = "gen_ai.input.messages";
        OUTPUT_MESSAGES = "gen_ai.output.messages";
        RESPONSE_ID = "gen_ai.response.id";
        RESPONSE_MODEL = "gen_ai.response.model";
        FINISH_REASONS = "gen_ai.response.finish_reasons";
        INPUT_TOKENS = "gen_ai.usage.input_tokens";
        OUTPUT_TOKENS = "gen_ai.usage.output_tokens";
        CACHE_READ_TOKENS = "gen_ai.usage.cache_read.input_tokens";
        CACHE_CREATION_TOKENS = "gen_ai.usage.cache_creation.input_tokens";
        REASONING_TOKENS = "gen_ai.usage.reasoning.output_tokens";
        RETRIEVAL_QUERY = "gen_ai.retrieval.query.text";
        RETRIEVAL_DOCUMENTS = "gen_ai.retrieval.documents";
        TOOL_NAME = "gen_ai.tool.name";
        TOOL_DESCRIPTION = "gen_ai.tool.description";
        TOOL_CALL_ID = "gen_ai.tool.call.id";
        TOOL_ARGUMENTS = "gen_ai.tool.call.arguments";
        TOOL_RESULT = "gen_ai.tool.call.result";
        EVALUATION = "gen_ai.evaluation.result";
        EVALUATION_NAME = "gen_ai.evaluation.name";
        EVALUATION_SCORE = "gen_ai.evaluation.score.value";
        EVALUATION_LABEL = "gen_ai.evaluation.score.label";
        EVALUATION_EXPLANATION = "gen_ai.evaluation.explanation";
        ERROR_TYPE = "error.type";
        EXCEPTION = "exception";
        EXCEPTION_TYPE = "exception.type";
        EXCEPTION_MESSAGE = "exception.message";
        EXCEPTION_STACK = "exception.stacktrace";
        SESSION = "session.id";
        USER = "user.id";
        SERVICE_NAME = "service.name";
        SERVICE_VERSION = "service.version";
        ENVIRONMENT = "deployment.environment.name";
        CLIENT_ADDRESS = "client.address";
        COUNTRY = "geo.country.iso_code";
        SDK_NAME = "telemetry.sdk.name";
        SDK_LANGUAGE = "telemetry.sdk.language";
        SDK_VERSION = "telemetry.sdk.version";
    }
}

/// OpenInference.
pub mod inference {
    names! {
        KIND = "openinference.span.kind";
        INPUT = "input.value";
        INPUT_TYPE = "input.mime_type";
        OUTPUT = "output.value";
        OUTPUT_TYPE = "output.mime_type";
        MODEL = "llm.model_name";
        PROVIDER = "llm.provider";
        PARAMETERS = "llm.invocation_parameters";
        INPUT_MESSAGES = "llm.input_messages";
        OUTPUT_MESSAGES = "llm.output_messages";
        ROLE = "message.role";
        CONTENT = "message.content";
        TOOL_CALLS = "message.tool_calls";
        CALL_ID = "tool_call.id";
        CALL_NAME = "tool_call.function.name";
        CALL_ARGUMENTS = "tool_call.function.arguments";
        PROMPT_TOKENS = "llm.token_count.prompt";
        COMPLETION_TOKENS = "llm.token_count.completion";
        TOTAL_TOKENS = "llm.token_count.total";
        CACHE_READ_TOKENS = "llm.token_count.prompt_details.cache_read";
        CACHE_WRITE_TOKENS = "llm.token_count.prompt_details.cache_write";
        REASONING_TOKENS = "llm.token_count.completion_details.reasoning";
        PROMPT_COST = "llm.cost.prompt";
        COMPLETION_COST = "llm.cost.completion";
        TOTAL_COST = "llm.cost.total";
        DOCUMENTS = "retrieval.documents";
        DOCUMENT_CONTENT = "document.content";
        DOCUMENT_ID = "document.id";
        DOCUMENT_SCORE = "document.score";
        DOCUMENT_METADATA = "document.metadata";
        TOOL_NAME = "tool.name";
        TOOL_DESCRIPTION = "tool.description";
        TOOL_PARAMETERS = "tool.parameters";
    }
}

/// What neither dialect has a name for.
pub mod own {
    names! {
        TRACE_ID = "maxim.trace.id";
        ENTITY_ID = "maxim.entity.id";
        ENTITY_KIND = "maxim.entity.kind";
        INCOMPLETE = "maxim.incomplete";
        METADATA = "maxim.metadata.";
        TAG = "maxim.tag.";
        METRIC = "maxim.metric.";
        MEMBER = "maxim.";
        NAME = "maxim.name";
        ACTION = "maxim.action";
        ATTACHMENT = "maxim.attachment.";
        EVALUATE = "maxim.evaluate";
        UPDATE = "maxim.update";
        UNREADABLE = "maxim.unreadable";
        SESSION = "maxim.session.";
        FEEDBACK = "user_feedback";
        FLOW_ID = "maxim.flow.id";
        FLOW_STEP = "maxim.flow.step";
        REQUEST_ID = "maxim.request.id";
        DATASET = "maxim.dataset";
        TAGS = "maxim.tags";
        DATA = "maxim.data.";
    }
}

/// Our members of `usage` and their names in both dialects: the paths of a chat completion and of a response.
pub const TOKENS: [(&[&[&str]], &[&str]); 6] = [
    (&[&["prompt_tokens"], &["input_tokens"]], &[gen_ai::INPUT_TOKENS, inference::PROMPT_TOKENS]),
    (&[&["completion_tokens"], &["output_tokens"]], &[gen_ai::OUTPUT_TOKENS, inference::COMPLETION_TOKENS]),
    (&[&["total_tokens"]], &[inference::TOTAL_TOKENS]),
    (
        &[
            &["prompt_tokens_details", "cached_tokens"],
            &["input_tokens_details", "cached_tokens"],
            &["cache_read_input_tokens"],
        ],
        &[gen_ai::CACHE_READ_TOKENS, inference::CACHE_READ_TOKENS],
    ),
    (
        &[
            &["prompt_tokens_details", "cache_creation_tokens"],
            &["prompt_tokens_details", "cache_write_tokens"],
            &["cache_creation_input_tokens"],
        ],
        &[gen_ai::CACHE_CREATION_TOKENS, inference::CACHE_WRITE_TOKENS],
    ),
    (
        &[&["completion_tokens_details", "reasoning_tokens"], &["output_tokens_details", "reasoning_tokens"]],
        &[gen_ai::REASONING_TOKENS, inference::REASONING_TOKENS],
    ),
];

/// Our members of a cost and their names.
pub const COSTS: [(&str, &str); 3] = [
    ("input", inference::PROMPT_COST),
    ("output", inference::COMPLETION_COST),
    ("total", inference::TOTAL_COST),
];

/// Model parameters as providers call them, the convention's name behind `gen_ai.request.`, and whether it is a
/// whole number, any number or a list of texts.
pub const PARAMETERS: [(&str, &str, ParameterType); 13] = [
    ("temperature", "temperature", ParameterType::Float),
    ("top_p", "top_p", ParameterType::Float),
    ("top_k", "top_k", ParameterType::Int),
    ("max_tokens", "max_tokens", ParameterType::Int),
    ("max_completion_tokens", "max_tokens", ParameterType::Int),
    ("max_output_tokens", "max_tokens", ParameterType::Int),
    ("frequency_penalty", "frequency_penalty", ParameterType::Float),
    ("presence_penalty", "presence_penalty", ParameterType::Float),
    ("seed", "seed", ParameterType::Int),
    ("n", "choice.count", ParameterType::Int),
    ("stop", "stop_sequences", ParameterType::Texts),
    ("stop_sequences", "stop_sequences", ParameterType::Texts),
    ("stream", "stream", ParameterType::Bool),
];

/// What an attribute's value is.
#[derive(Clone, Copy, Debug)]
pub enum ParameterType {
    /// A whole number.
    Int,
    /// Any number.
    Float,
    /// True or false.
    Bool,
    /// A list of texts.
    Texts,
}

/// Providers that the convention spells in its own way; the others go as they are.
pub const PROVIDERS: [(&str, &str); 6] = [
    ("azure", "azure.ai.openai"),
    ("bedrock", "aws.bedrock"),
    ("google", "gcp.gen_ai"),
    ("mistral", "mistral_ai"),
    ("xai", "x_ai"),
    ("watsonx", "ibm.watsonx.ai"),
];
