//! Questions that are kept: `GET /v1/{context}/{aggregate}/{id}/run` asks a saved query, and commands that keep a question are checked for
//! whether it can be asked at all.

use axum::http::header::CONTENT_LOCATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::kernel::AggregateId;
use platform::clock;
use projections::model::Allowed;
use projections::question::{ParameterKind, QueryParameter, Question, SavedQueriesDef};
use serde::Deserialize;

use crate::access::Permission;
use crate::auth::Caller;
use crate::catalogue::Readable;
use crate::commands::Found;
use crate::exports::{self, Plan};
use crate::freshness;
use crate::problem::Problem;
use crate::queries::{self, Limits, Pairs, check_value};
use crate::state::GatewayState;

/// The header that tells which revision of a query has answered.
const REVISION: HeaderName = HeaderName::from_static("neuroops-query-revision");
/// What a run says of its page; everything else is a parameter.
const OF_THE_PAGE: [&str; 2] = ["limit", "cursor"];
/// Roles that may run every query of their tenant.
const ADMINISTRATORS: [&str; 2] = ["owner", "admin"];

/// A saved query, as its read model has it.
struct Saved {
    question: Question,
    parameters: Vec<QueryParameter>,
    revision: i64,
}

/// Asks a saved query. The answer is that of its read model or report, in the format that the client likes best.
pub async fn run(
    state: &GatewayState,
    caller: &Caller,
    def: &SavedQueriesDef,
    id: &str,
    headers: &HeaderMap,
    pairs: Pairs,
) -> Result<Response, Problem> {
    let saved = find(state, caller, def, id, headers).await?;
    let entry = state.catalogue().context(&saved.question.context)?;
    let readable = entry.readable(&saved.question.source)?;
    caller.require(Permission::Read { context: entry.name })?;
    state.features().require(caller.tenant_id, entry.name).await?;
    let pairs = resolve(&saved, pairs, clock::now())?;
    let place = address(&saved.question, &pairs);
    let mut response = queries::ask(state, caller, readable, headers, pairs).await?;
    response.headers_mut().insert(REVISION, HeaderValue::from(saved.revision));
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(CONTENT_LOCATION, place);
    }
    Ok(response)
}

/// Question, parameters, owner, roles and revision.
type FoundRow = (String, String, String, Vec<String>, i64);

/// The query, for those who may run it.
async fn find(state: &GatewayState, caller: &Caller, def: &SavedQueriesDef, id: &str, headers: &HeaderMap) -> Result<Saved, Problem> {
    caller.require(Permission::Read { context: def.context })?;
    let missing = || Problem::new(StatusCode::NOT_FOUND, format!("{}.not_found", def.context), "There is no such query.").field("id", "");
    let id: AggregateId = id.parse().map_err(|_| missing())?;
    let positions = freshness::wanted(state, caller.tenant_id, headers)?;
    let (mut tx, _) = freshness::begin(state, caller.tenant_id, &[def.list.projection], &positions).await?;
    let statement = format!("SELECT question::text, parameters::text, owner, shared_with, revision FROM {} WHERE id = $1", def.list.table);
    let found: Option<FoundRow> = sqlx::query_as(&statement).bind(id.as_str()).fetch_optional(&mut *tx).await?;
    tx.commit().await?;
    let (question, parameters, owner, shared_with, revision) = found.ok_or_else(missing)?;
    let roles = &caller.actor.roles;
    let may =
        owner == caller.actor.subject || roles.iter().any(|role| ADMINISTRATORS.contains(&role.as_str()) || shared_with.contains(role));
    if !may {
        let detail = "The query is not shared with any of the token's roles. Its owner can share it.";
        return Err(Problem::forbidden("query_not_shared", detail));
    }
    let read = |error: serde_json::Error| Problem::internal(&error);
    Ok(Saved {
        question: serde_json::from_str(&question).map_err(read)?,
        parameters: serde_json::from_str(&parameters).map_err(read)?,
        revision,
    })
}

/// The terms with the values of the parameters that a run gives, or else their defaults.
fn resolve(saved: &Saved, pairs: Pairs, now: DateTime<Utc>) -> Result<Pairs, Problem> {
    let mut given: Vec<(&QueryParameter, String)> = Vec::new();
    let mut resolved = Pairs::new();
    for (name, value) in pairs {
        if OF_THE_PAGE.contains(&name.as_str()) {
            resolved.push((name, value));
            continue;
        }
        let Some(parameter) = saved.parameters.iter().find(|parameter| *parameter.name == *name) else {
            let near = crate::catalogue::nearest(&name, saved.parameters.iter().map(|parameter| &*parameter.name));
            let hint = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
            let message = format!("the query has no such parameter{hint}");
            return Err(Problem::bad_value("unknown_parameter", &crate::catalogue::shown(&name), message));
        };
        if given.iter().any(|(known, _)| known.name == parameter.name) {
            return Err(Problem::bad_value("invalid_parameter", &name, "the parameter comes more than once"));
        }
        given.push((parameter, value));
    }
    for (name, value) in saved.question.terms.iter() {
        let Some(placeholder) = Question::placeholder(value) else {
            resolved.push((name.to_string(), value.clone()));
            continue;
        };
        let Some(parameter) = saved.parameters.iter().find(|parameter| *parameter.name == *placeholder) else {
            return Err(Problem::internal(&"a term names a parameter that is not declared"));
        };
        let found = given.iter().find(|(known, _)| known.name == parameter.name).map(|(_, value)| value.as_str());
        match found.or(parameter.default.as_deref()) {
            Some(value) => resolved.push((name.to_string(), valued(parameter, value, now)?)),
            None if parameter.required => {
                return Err(Problem::bad_value("missing_parameter", &parameter.name, "the parameter is required"));
            }
            None => {}
        }
    }
    Ok(resolved)
}

/// The value as the parameter's type has it; days and times may be relative to now.
fn valued(parameter: &QueryParameter, value: &str, now: DateTime<Utc>) -> Result<String, Problem> {
    let checked = check_value(column_kind(parameter.kind), &parameter.at(value, now));
    checked.map_err(|message| Problem::bad_value("invalid_parameter", &parameter.name, message))
}

fn column_kind(kind: ParameterKind) -> projections::model::ColumnKind {
    use projections::model::ColumnKind;
    match kind {
        ParameterKind::Text => ColumnKind::Text,
        ParameterKind::Integer => ColumnKind::Integer,
        ParameterKind::Number => ColumnKind::Number,
        ParameterKind::Boolean => ColumnKind::Boolean,
        ParameterKind::Timestamp => ColumnKind::Timestamp,
        ParameterKind::Date => ColumnKind::Date,
    }
}

/// The address at which the same question is asked directly.
fn address(question: &Question, pairs: &Pairs) -> String {
    let mut address = format!("/v1/{}/{}", question.context, question.source);
    for (index, (name, value)) in pairs.iter().enumerate() {
        address.push(if index == 0 { '?' } else { '&' });
        address.push_str(name);
        address.push('=');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                address.push(char::from(byte));
            } else {
                address.push('%');
                address.push_str(&hex::encode_upper([byte]));
            }
        }
    }
    address
}

/// What a command that keeps a question has in its body.
#[derive(Deserialize)]
struct Keeps {
    question: Question,
    #[serde(default)]
    parameters: Vec<QueryParameter>,
}

/// Refuses to keep a question that cannot be asked, or that the caller may not ask. A body that is not the command's is left to the
/// command.
pub async fn check(state: &GatewayState, caller: &Caller, found: &Found, body: &[u8]) -> Result<(), Problem> {
    let catalogue = state.catalogue();
    let exports =
        catalogue.exports().filter(|def| (def.context, def.aggregate, def.request) == (found.context, found.aggregate, found.command));
    let saved = catalogue.saved_queries().filter(|def| (def.context, def.aggregate) == (found.context, found.aggregate));
    let keeps = saved.is_some_and(|def| def.commands.contains(&found.command));
    if exports.is_none() && !keeps {
        return Ok(());
    }
    let Ok(Keeps { question, parameters }) = serde_json::from_slice::<Keeps>(body) else { return Ok(()) };
    if is_refused(&question, &parameters) {
        return Ok(());
    }
    let wrong = |problem: Problem| {
        Problem::bad_request("invalid_question", problem.detail().to_owned()).field("question", problem.detail().to_owned())
    };
    let entry = catalogue.context(&question.context).map_err(wrong)?;
    let readable = entry.readable(&question.source).map_err(wrong)?;
    caller.require(Permission::Read { context: entry.name })?;
    state.features().require(caller.tenant_id, entry.name).await?;
    // What each parameter may be stands for what a run will give.
    let sample = |parameter: &QueryParameter| {
        let value = parameter.default.as_deref().or_else(|| chosen(readable, &question, parameter));
        (parameter.name.to_string(), value.map_or_else(|| example(parameter.kind), str::to_owned))
    };
    let samples = parameters.iter().map(sample).collect();
    let saved = Saved { question, parameters, revision: 0 };
    let pairs = resolve(&saved, samples, clock::now()).map_err(wrong)?;
    Plan::parse(readable, pairs, Limits { default: 1, max: 1 }).map_err(wrong)?;
    if exports.is_some() && state.exports().is_none() {
        return Err(exports::not_set_up());
    }
    Ok(())
}

/// Whether the command itself refuses such a question, in better words.
fn is_refused(question: &Question, parameters: &[QueryParameter]) -> bool {
    let reserved = |name: &str| OF_THE_PAGE.contains(&name);
    let declared = |used: &str| parameters.iter().any(|parameter| *parameter.name == *used);
    question.terms.keys().any(|name| reserved(name))
        || parameters.iter().any(|parameter| reserved(&parameter.name))
        || parameters.iter().enumerate().any(|(index, parameter)| parameters[..index].iter().any(|other| other.name == parameter.name))
        || question.placeholders().any(|used| !declared(used))
}

/// A value that the report allows where a parameter stands for one of a few.
fn chosen(readable: Readable, question: &Question, parameter: &QueryParameter) -> Option<&'static str> {
    let Readable::Report(def) = readable else { return None };
    let placeholder = format!("{{{}}}", &*parameter.name);
    let (term, _) = question.terms.iter().find(|(_, value)| **value == placeholder)?;
    match def.parameters.iter().find(|known| *known.name == **term)?.allowed {
        Allowed::OneOf(texts) => texts.first().copied(),
        _ => None,
    }
}

/// A value of the type.
fn example(kind: ParameterKind) -> String {
    match kind {
        ParameterKind::Text => "a",
        ParameterKind::Integer | ParameterKind::Number => "1",
        ParameterKind::Boolean => "true",
        ParameterKind::Timestamp => "now",
        ParameterKind::Date => "today",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-03-01T15:30:00Z".parse().unwrap()
    }

    fn saved(parameters: &serde_json::Value) -> Saved {
        let question =
            json!({ "context": "crm", "source": "deal-list", "terms": { "status": "open", "owner": "{who}", "closed_on.gte": "{from}" } });
        Saved {
            question: serde_json::from_value(question).unwrap(),
            parameters: serde_json::from_value(parameters.clone()).unwrap(),
            revision: 1,
        }
    }

    fn pairs(text: &[(&str, &str)]) -> Pairs {
        text.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_run_sets_parameters_and_the_page() {
        let saved = saved(
            &json!([{ "name": "who", "kind": "text", "required": true }, { "name": "from", "kind": "date", "default": "today-30d" }]),
        );
        let resolved = |given: &[(&str, &str)]| resolve(&saved, pairs(given), now());
        let expected = pairs(&[("limit", "5"), ("closed_on.gte", "2026-01-30"), ("owner", "ada"), ("status", "open")]);
        assert_eq!(resolved(&[("who", "ada"), ("limit", "5")]).unwrap(), expected);
        assert_eq!(resolved(&[("who", "ada"), ("from", "2026-02-02")]).unwrap()[0], ("closed_on.gte".to_owned(), "2026-02-02".to_owned()));
        for (given, code) in [
            (&[][..], "missing_parameter"),
            (&[("who", "a"), ("who", "b")][..], "invalid_parameter"),
            (&[("who", "a"), ("from", "soon")][..], "invalid_parameter"),
            (&[("who", "a"), ("status", "won")][..], "unknown_parameter"),
        ] {
            assert_eq!(resolved(given).unwrap_err().code(), code, "{given:?}");
        }
    }

    #[test]
    fn terms_of_parameters_without_a_value_are_left_out() {
        let saved = saved(&json!([{ "name": "who", "kind": "text" }, { "name": "from", "kind": "date" }]));
        assert_eq!(resolve(&saved, Pairs::new(), now()).unwrap(), pairs(&[("status", "open")]));
    }

    #[test]
    fn the_address_of_a_run_is_one_that_can_be_asked() {
        let question = saved(&json!([])).question;
        let asked = address(&question, &pairs(&[("owner", "ada & co/ü"), ("status", "open")]));
        assert_eq!(asked, "/v1/crm/deal-list?owner=ada%20%26%20co%2F%C3%BC&status=open");
    }
}
