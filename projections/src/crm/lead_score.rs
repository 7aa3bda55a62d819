//! How promising a lead is: points by rules, each with its reason.
//!
//! The score is a function of what the row says, so that everyone can check it. Raise [`VERSION`] with every change of a rule and
//! rebuild the projection (`neuroops projections rebuild crm.lead_list`); rows tell by which version they were scored.

use domain::crm::values::fold;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of the rules.
pub const VERSION: i32 = 1;
/// No score is higher.
const SCORE_MAX: i32 = 100;
/// Points for each planned activity, and for how many of them at most.
const ACTIVITY_POINTS: i32 = 3;
const ACTIVITIES_MAX: i32 = 5;

/// Mail providers whose addresses say nothing about an employer.
const PRIVATE_MAIL: [&str; 18] = [
    "aol.com",
    "free.fr",
    "gmail.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "icloud.com",
    "live.com",
    "mail.ru",
    "me.com",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "web.de",
    "yahoo.com",
    "yandex.ru",
];

/// Words of a job title, what they mean, and their points; the first that fits counts.
const SENIORITY: [(&[&str], &str, i32); 3] = [
    (
        &["ceo", "cto", "cfo", "coo", "cmo", "cio", "ciso", "chief", "founder", "cofounder", "owner", "president", "partner"],
        "decides alone",
        15,
    ),
    (&["vp", "svp", "evp", "director", "head", "md"], "decides for a department", 12),
    (&["manager", "lead", "principal", "buyer", "procurement"], "has a say", 6),
];

/// Words of a source and their points; the first that fits counts.
const SOURCES: [(&[&str], i32); 4] = [
    (&["referral", "partner", "recommendation", "customer"], 15),
    (&["demo", "trial", "inbound", "contact_form", "website"], 12),
    (&["webinar", "event", "fair", "conference"], 8),
    (&["purchased", "list", "scraped"], -10),
];

/// Why a lead has points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScoreReason {
    /// The rule: `business_email`, `private_email`, `phone`, `company`, `website`, `seniority`, `source`, `estimated_value`,
    /// `activities`.
    pub rule: String,
    /// Its points; may be negative.
    pub points: i32,
    /// What it saw.
    pub because: String,
}

/// What the rules look at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence<'a> {
    /// Email address.
    pub email: Option<&'a str>,
    /// Phone number.
    pub phone: Option<&'a str>,
    /// The company's name.
    pub company_name: Option<&'a str>,
    /// The company's website.
    pub website: Option<&'a str>,
    /// Position in the company.
    pub job_title: Option<&'a str>,
    /// Where the lead came from.
    pub source: Option<&'a str>,
    /// Whether someone has said what a sale may bring. How much does not count: amounts of different currencies do not compare.
    pub value_estimated: bool,
    /// How many activities were planned for it.
    pub activities: i32,
}

/// The score, 0 to 100, and its reasons in the order of the rules.
pub fn score(evidence: &Evidence<'_>) -> (i32, Vec<ScoreReason>) {
    let mut reasons = Vec::new();
    let mut give = |rule: &str, points: i32, because: String| reasons.push(ScoreReason { rule: rule.to_owned(), points, because });
    if let Some((_, domain)) = evidence.email.and_then(|email| email.rsplit_once('@')) {
        if PRIVATE_MAIL.contains(&domain) {
            give("private_email", 2, format!("the address is at {domain}"));
        } else {
            give("business_email", 10, format!("the address is at {domain}"));
        }
    }
    if evidence.phone.is_some() {
        give("phone", 5, "a phone number is known".to_owned());
    }
    if let Some(name) = evidence.company_name {
        give("company", 10, format!("works for {name}"));
    }
    if evidence.website.is_some() {
        give("website", 5, "the company's website is known".to_owned());
    }
    if let Some(title) = evidence.job_title
        && let Some((meaning, points)) = seniority(title)
    {
        give("seniority", points, format!("{title} {meaning}"));
    }
    if let Some(source) = evidence.source
        && let Some(points) = of_source(source)
    {
        give("source", points, format!("came from {source}"));
    }
    if evidence.value_estimated {
        give("estimated_value", 10, "someone has estimated what a sale may bring".to_owned());
    }
    if evidence.activities > 0 {
        let counted = evidence.activities.min(ACTIVITIES_MAX);
        give("activities", counted * ACTIVITY_POINTS, format!("activities planned: {}", evidence.activities));
    }
    let total = reasons.iter().map(|reason| reason.points).sum::<i32>();
    (total.clamp(0, SCORE_MAX), reasons)
}

fn seniority(title: &str) -> Option<(&'static str, i32)> {
    let words = words_of(title);
    let level = SENIORITY.iter().find(|(marks, ..)| words.iter().any(|word| marks.contains(&word.as_str())))?;
    Some((level.1, level.2))
}

fn of_source(source: &str) -> Option<i32> {
    let (whole, words) = (fold(source).replace([' ', '-'], "_"), words_of(source));
    let fits = |marks: &&[&str]| marks.contains(&whole.as_str()) || words.iter().any(|word| marks.contains(&word.as_str()));
    SOURCES.iter().find(|(marks, _)| fits(marks)).map(|(_, points)| *points)
}

fn words_of(text: &str) -> Vec<String> {
    fold(text).split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(evidence: Evidence<'_>) -> Vec<(String, i32)> {
        score(&evidence).1.into_iter().map(|reason| (reason.rule, reason.points)).collect()
    }

    #[test]
    fn nothing_known_scores_nothing() {
        assert_eq!(score(&Evidence::default()), (0, Vec::new()));
    }

    #[test]
    fn each_fact_counts_and_says_why() {
        let evidence = Evidence {
            email: Some("ada@engines.example"),
            phone: Some("+44"),
            company_name: Some("Engines"),
            website: Some("https://engines.example"),
            job_title: Some("VP, Engineering"),
            source: Some("Customer referral"),
            value_estimated: true,
            activities: 9,
        };
        let (score, reasons) = score(&evidence);
        assert_eq!(score, 10 + 5 + 10 + 5 + 12 + 15 + 10 + 15);
        assert_eq!(
            reasons[0],
            ScoreReason { rule: "business_email".into(), points: 10, because: "the address is at engines.example".into() }
        );
        assert_eq!(reasons.len(), 8);
    }

    #[test]
    fn a_private_address_says_little_about_an_employer() {
        assert_eq!(points(Evidence { email: Some("ada@gmail.com"), ..Evidence::default() }), [("private_email".to_owned(), 2)]);
    }

    #[test]
    fn titles_and_sources_count_by_whole_words() {
        assert_eq!(points(Evidence { job_title: Some("Factory worker"), ..Evidence::default() }), [], "no `cto` within a word");
        assert_eq!(points(Evidence { job_title: Some("Co-Founder"), ..Evidence::default() }), [("seniority".to_owned(), 15)]);
        assert_eq!(points(Evidence { source: Some("contact form"), ..Evidence::default() }), [("source".to_owned(), 12)]);
    }

    #[test]
    fn a_score_is_never_negative() {
        assert_eq!(score(&Evidence { source: Some("purchased list"), ..Evidence::default() }).0, 0);
    }
}
