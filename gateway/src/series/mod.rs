//! `GET /v1/series`: what a read model or report adds up to by day, week or month; what of it is unusual; how it may go on.
//!
//! The answer is computed from the rows as they are, so it is as fresh as they are. Amounts of several currencies are never added: a
//! column of minor units is grouped by its currency where the caller names no group.

mod buckets;
mod statistics;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use platform::clock;
use platform::tenant_tx::TenantTx;
use projections::model::{Column, ColumnKind, ReadModelDef, ReportDef};
use serde::Serialize;
use serde_json::Value;
use sqlx::Row as _;

pub use self::buckets::Bucket;
use self::statistics::{Method, UNUSUAL, VALUES_MIN, choose, forecast, normal_quantile, scores, usual};
use crate::access::Permission;
use crate::auth::Caller;
use crate::catalogue::Readable;
use crate::exports::columns_of_report;
use crate::freshness::{self, AsOf};
use crate::problem::Problem;
use crate::queries::{Limits, Pairs, Wanted, bind_all, controls, in_time, limit_of, report_rows, report_values};
use crate::state::GatewayState;

/// Values of one series at most: ten years of days.
const POINTS_MAX: usize = 3660;
/// Series of one answer at most.
const GROUPS_MAX: usize = 20;
/// Values of a forecast at most.
pub const HORIZON_MAX: usize = 90;
/// The longest season.
pub const SEASON_MAX: usize = 366;
/// Parameters of the source begin with this, so that they cannot be mistaken for those of the series.
pub const FILTER: &str = "filter.";

/// What a query string asks for.
struct Asked {
    date: String,
    value: Option<String>,
    group: Option<String>,
    bucket: Bucket,
    from: Option<NaiveDate>,
    to: NaiveDate,
    season: usize,
    horizon: usize,
    probability: f64,
    method: Option<Method>,
}

/// The sums of each group by bucket.
type Sums = BTreeMap<Option<String>, BTreeMap<NaiveDate, f64>>;

#[derive(Serialize)]
struct Answer {
    source: String,
    bucket: Bucket,
    season: usize,
    series: Vec<Series>,
    as_of: AsOf,
}

#[derive(Serialize)]
struct Series {
    group: Option<String>,
    points: Vec<PointRow>,
    /// Missing where the series is too short to say anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'static str>,
    forecast: Vec<ForecastRow>,
}

#[derive(Serialize)]
struct PointRow {
    date: NaiveDate,
    value: f64,
    usual: f64,
    score: Option<f64>,
    unusual: bool,
}

#[derive(Serialize)]
struct ForecastRow {
    date: NaiveDate,
    value: f64,
    low: f64,
    high: f64,
}

/// Answers series.
pub async fn read(
    State(state): State<GatewayState>,
    Extension(caller): Extension<Arc<Caller>>,
    headers: HeaderMap,
    Query(pairs): Query<Pairs>,
) -> Result<Response, Problem> {
    require_any(&state, &caller)?;
    let ([source], pairs) = controls(pairs, ["source"])?;
    let source = source.ok_or_else(|| Problem::bad_value("missing_parameter", "source", "name what is asked as `context/read-model`"))?;
    let (context, name) =
        source.split_once('/').ok_or_else(|| Problem::bad_value("invalid_parameter", "source", "write it as `context/read-model`"))?;
    let entry = state.catalogue().context(context)?;
    let readable = entry.readable(name)?;
    caller.require(Permission::Read { context: entry.name })?;
    state.features().require(caller.tenant_id, entry.name).await?;
    let (asked, terms) = Asked::parse(pairs)?;
    in_time(&state, answer(&state, &caller, &source, readable, &asked, terms, &headers)).await
}

/// Those who may read nothing at all learn nothing, either, of what a right question would be.
fn require_any(state: &GatewayState, caller: &Caller) -> Result<(), Problem> {
    let mut refused = Ok(());
    for entry in state.catalogue().entries() {
        refused = caller.require(Permission::Read { context: entry.name });
        if refused.is_ok() {
            break;
        }
    }
    refused
}

async fn answer(
    state: &GatewayState,
    caller: &Caller,
    source: &str,
    readable: Readable,
    asked: &Asked,
    terms: Pairs,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let positions = freshness::wanted(state, caller.tenant_id, headers)?;
    let (sums, freshness) = match readable {
        Readable::Model(def) => {
            let query = ModelQuery::new(def, asked, terms)?;
            let (mut tx, freshness) = freshness::begin(state, caller.tenant_id, &[def.projection], &positions).await?;
            let sums = query.run(&mut tx).await?;
            tx.commit().await?;
            (sums, freshness)
        }
        Readable::Report(def) => {
            let values = report_values(def, terms)?;
            check_report(def, asked)?;
            let (mut tx, freshness) = freshness::begin(state, caller.tenant_id, def.projections, &positions).await?;
            let rows = report_rows(state, &mut tx, def, &values).await?;
            tx.commit().await?;
            (of_report(&rows, asked)?, freshness)
        }
    };
    if sums.len() > GROUPS_MAX {
        let message = format!("there are {} groups, and {GROUPS_MAX} at most are answered; narrow them by a filter", sums.len());
        return Err(Problem::bad_value("too_many_groups", "group", message));
    }
    let series = sums.into_iter().map(|(group, sums)| asked.series(group, &sums)).collect::<Result<Vec<_>, _>>()?;
    let answer = Answer { source: source.to_owned(), bucket: asked.bucket, season: asked.season, series, as_of: freshness.as_of() };
    let body = serde_json::to_vec(&answer).map_err(|error| Problem::internal(&error))?;
    let mut response = ([(CONTENT_TYPE, "application/json")], body).into_response();
    freshness.write_headers(response.headers_mut());
    Ok(response)
}

impl Asked {
    fn parse(pairs: Pairs) -> Result<(Self, Pairs), Problem> {
        const NAMES: [&str; 10] = ["date", "value", "group", "bucket", "from", "to", "season", "horizon", "level", "method"];
        let (filters, rest): (Pairs, Pairs) = pairs.into_iter().partition(|(name, _)| name.starts_with(FILTER));
        let ([date, value, group, bucket, from, to, season, horizon, level, method], rest) = controls(rest, NAMES)?;
        if let Some((name, _)) = rest.first() {
            let message = format!("there is no such parameter; those of the source begin with `{FILTER}`");
            return Err(Problem::bad_value("unknown_parameter", &crate::catalogue::shown(name), message));
        }
        let refuse = |name: &str, message: &str| Problem::bad_value("invalid_parameter", name, message);
        let day = |name: &str, text: Option<String>| {
            let parsed = text.map(|text| text.parse::<NaiveDate>()).transpose();
            parsed.map_err(|_| refuse(name, "a day such as 2026-03-01 is expected"))
        };
        let bucket = match bucket.as_deref() {
            None => Bucket::Day,
            Some(text) => Bucket::named(text).ok_or_else(|| refuse("bucket", "day, week or month is expected"))?,
        };
        let method = match method.as_deref() {
            None | Some("auto") => None,
            Some("seasonal_naive") => Some(Method::SeasonalNaive),
            Some("exponential_smoothing") => Some(Method::ExponentialSmoothing),
            Some(_) => return Err(refuse("method", "auto, seasonal_naive or exponential_smoothing is expected")),
        };
        let level = level.map_or(Ok(0.95), |text| text.parse::<f64>()).ok().filter(|level| (0.5..=0.999).contains(level));
        let horizon =
            if horizon.as_deref() == Some("0") { 0 } else { limit_of_named("horizon", horizon.as_deref(), bucket.horizon(), HORIZON_MAX)? };
        let today = clock::now().date_naive();
        let asked = Self {
            date: date.ok_or_else(|| Problem::bad_value("missing_parameter", "date", "name the column of the day"))?,
            value,
            group,
            bucket,
            from: day("from", from)?.map(|from| bucket.of(from)),
            // The bucket of today is not over: it would look like a fall.
            to: day("to", to)?.map_or_else(|| bucket.before(bucket.of(today)), |to| bucket.of(to)),
            season: limit_of_named("season", season.as_deref(), bucket.season(), SEASON_MAX)?,
            horizon,
            probability: level.ok_or_else(|| refuse("level", "a probability from 0.5 to 0.999 is expected"))?,
            method,
        };
        let terms = filters.into_iter().filter_map(|(name, value)| Some((name.strip_prefix(FILTER)?.to_owned(), value))).collect();
        Ok((asked, terms))
    }

    /// Whether a day is within what is asked.
    fn has(&self, bucket: NaiveDate) -> bool {
        self.from.is_none_or(|from| bucket >= from) && bucket <= self.to
    }

    /// A series without gaps: where nothing happened, the sum is 0.
    fn series(&self, group: Option<String>, sums: &BTreeMap<NaiveDate, f64>) -> Result<Series, Problem> {
        let first = self.from.or_else(|| sums.keys().next().copied()).unwrap_or(self.to);
        let dates: Vec<NaiveDate> = self.bucket.range(first, self.to).take(POINTS_MAX + 1).collect();
        if dates.len() > POINTS_MAX {
            let message = format!("the series has more than {POINTS_MAX} values; begin later, or take longer buckets");
            return Err(Problem::bad_value("too_many_points", "from", message));
        }
        let values: Vec<f64> = dates.iter().map(|date| sums.get(date).copied().unwrap_or(0.0)).collect();
        let usual = usual(&values, self.season);
        let scores = scores(&values, &usual);
        let points = dates.iter().zip(&values).zip(usual.iter().zip(&scores)).map(|((date, value), (usual, score))| PointRow {
            date: *date,
            value: *value,
            usual: *usual,
            score: *score,
            unusual: score.is_some_and(|score| score.abs() > UNUSUAL),
        });
        let method = (values.len() >= VALUES_MIN.max(2 * self.season) && self.horizon > 0)
            .then(|| self.method.unwrap_or_else(|| choose(&values, self.season)));
        let next = method.map(|method| forecast(&values, self.season, method, self.horizon, normal_quantile(self.probability)));
        let after = self.bucket.after(self.to);
        let rows = self.bucket.range(after, NaiveDate::MAX).zip(next.unwrap_or_default());
        Ok(Series {
            group,
            points: points.collect(),
            method: method.map(Method::name),
            forecast: rows.map(|(date, point)| ForecastRow { date, value: point.value, low: point.low, high: point.high }).collect(),
        })
    }
}

impl Method {
    /// As it is asked for.
    fn name(self) -> &'static str {
        match self {
            Self::SeasonalNaive => "seasonal_naive",
            Self::ExponentialSmoothing => "exponential_smoothing",
        }
    }
}

/// [`limit_of`] for a parameter of another name.
fn limit_of_named(name: &str, text: Option<&str>, default: usize, max: usize) -> Result<usize, Problem> {
    limit_of(text, default, max).map_err(|_| Problem::bad_value("invalid_parameter", name, format!("a number from 1 to {max} is expected")))
}

/// 400 for a column that is not there or not of the kind.
fn wrong_column(name: &str, column: &str, what: &str) -> Problem {
    Problem::bad_value("invalid_parameter", name, format!("`{}` is not {what} of the source", crate::catalogue::shown(column)))
}

/// The column that says of which currency a column of minor units is.
fn currency_of<'a>(value: &str, mut names: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let prefix = value.strip_suffix("_minor")?;
    let own = format!("{prefix}_currency");
    names.clone().find(|name| *name == own).or_else(|| names.find(|name| *name == "currency"))
}

/// A question to a read model.
struct ModelQuery<'a> {
    def: &'static ReadModelDef,
    asked: &'a Asked,
    wanted: Wanted,
    date: &'static Column,
    value: Option<&'static Column>,
    group: Option<&'static str>,
}

impl<'a> ModelQuery<'a> {
    fn new(def: &'static ReadModelDef, asked: &'a Asked, terms: Pairs) -> Result<Self, Problem> {
        let find = |parameter: &str, name: &str, kinds: &[ColumnKind], what: &str| {
            let found = def.columns.iter().find(|column| column.name == name && kinds.contains(&column.kind));
            found.ok_or_else(|| wrong_column(parameter, name, what))
        };
        let numbers = [ColumnKind::Integer, ColumnKind::Number];
        let value = asked.value.as_deref().map(|name| find("value", name, &numbers, "a column of numbers")).transpose()?;
        let group = match &asked.group {
            Some(name) => Some(find("group", name, &[ColumnKind::Text, ColumnKind::Boolean], "a column of texts")?.name),
            None => value.and_then(|value| currency_of(value.name, def.columns.iter().map(|column| column.name))),
        };
        Ok(Self {
            def,
            asked,
            wanted: Wanted::parse(def, terms, Limits { default: 1, max: 1 })?,
            date: find("date", &asked.date, &[ColumnKind::Date, ColumnKind::Timestamp], "a column of days or times")?,
            value,
            group,
        })
    }

    async fn run(&self, tx: &mut TenantTx) -> Result<Sums, Problem> {
        let date = match self.date.kind {
            ColumnKind::Timestamp => format!("(t.{} AT TIME ZONE 'UTC')::date", self.date.name),
            _ => format!("t.{}", self.date.name),
        };
        let bucket = format!("date_trunc('{}', {date})::date", self.asked.bucket.name());
        let group = self.group.map_or_else(|| "NULL::text".to_owned(), |name| format!("t.{name}::text"));
        let value = self.value.map_or_else(|| "count(*)".to_owned(), |column| format!("coalesce(sum(t.{}), 0)", column.name));
        let mut further = vec![format!("{bucket} <= '{}'", self.asked.to)];
        further.extend(self.asked.from.map(|from| format!("{bucket} >= '{from}'")));
        let limit = (POINTS_MAX + 1) * (GROUPS_MAX + 1);
        let select = format!("{group} AS series, {bucket} AS bucket, {value}::float8 AS value");
        let (sql, binds) = self.wanted.grouped(self.def, &select, &further, &format!("GROUP BY 1, 2 ORDER BY 1, 2 LIMIT {limit}"));
        let mut sums = Sums::new();
        for row in bind_all(sqlx::query(&sql), &binds).fetch_all(&mut **tx).await? {
            let (group, bucket): (Option<String>, NaiveDate) = (row.try_get("series")?, row.try_get("bucket")?);
            sums.entry(group).or_default().insert(bucket, row.try_get("value")?);
        }
        Ok(sums)
    }
}

/// Refuses columns that the report does not have.
fn check_report(def: &ReportDef, asked: &Asked) -> Result<(), Problem> {
    let columns = columns_of_report(def);
    let known = |name: &str| columns.iter().any(|column| column.name == *name);
    for (parameter, name) in [("date", Some(&asked.date)), ("value", asked.value.as_ref()), ("group", asked.group.as_ref())] {
        if let Some(name) = name.filter(|name| !known(name)) {
            return Err(wrong_column(parameter, name, "a column"));
        }
    }
    Ok(())
}

/// Adds up the rows of a report.
fn of_report(rows: &[String], asked: &Asked) -> Result<Sums, Problem> {
    let mut sums = Sums::new();
    for row in rows {
        let row: Value = serde_json::from_str(row).map_err(|error| Problem::internal(&error))?;
        let Some(text) = row[&asked.date].as_str() else { continue };
        let day = buckets::day(text).ok_or_else(|| wrong_column("date", &asked.date, "a column of days or times"))?;
        let bucket = asked.bucket.of(day);
        let value = match &asked.value {
            None => 1.0,
            Some(name) if row[name].is_null() => 0.0,
            Some(name) => row[name].as_f64().ok_or_else(|| wrong_column("value", name, "a column of numbers"))?,
        };
        let names = row.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        let group = asked.group.as_deref().or_else(|| currency_of(asked.value.as_deref()?, names));
        let group = group.and_then(|name| match &row[name] {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        });
        if asked.has(bucket) {
            *sums.entry(group).or_default().entry(bucket).or_default() += value;
        }
    }
    Ok(sums)
}
