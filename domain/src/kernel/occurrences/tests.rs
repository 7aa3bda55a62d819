//! Tables of days on which clocks are turned, and properties.

use proptest::prelude::*;

use super::*;

fn zone(name: &str) -> Tz {
    name.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The first occurrences after an instant, as the clocks of the zone show them, with the offset.
fn shown(pattern: &str, zone_name: &str, after: &str, count: usize) -> Vec<String> {
    let occurrences = Occurrences::recurring(pattern, zone(zone_name)).unwrap();
    let next = std::iter::successors(occurrences.after(at(after)), |last| occurrences.after(*last));
    next.take(count).map(|next| next.with_timezone(&zone(zone_name)).format("%m-%d %H:%M %z").to_string()).collect()
}

#[track_caller]
fn expect(pattern: &str, zone_name: &str, after: &str, expected: &[&str]) {
    assert_eq!(shown(pattern, zone_name, after, expected.len()), expected, "{pattern} in {zone_name} after {after}");
}

#[test]
fn berlin_turns_its_clocks_by_an_hour() {
    // 29 March 2026: 02:00 becomes 03:00. 25 October 2026: 03:00 becomes 02:00.
    let (spring, autumn) = ("2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z");
    let zone = "Europe/Berlin";
    expect("30 1 * * *", zone, spring, &["03-29 01:30 +0100", "03-30 01:30 +0200"]);
    expect("30 2 * * *", zone, spring, &["03-29 03:00 +0200", "03-30 02:30 +0200"]);
    expect("0 3 * * *", zone, spring, &["03-29 03:00 +0200", "03-30 03:00 +0200"]);
    expect("0,30 2,3 * * *", zone, spring, &["03-29 03:00 +0200", "03-29 03:30 +0200", "03-30 02:00 +0200"]);
    expect("0 * * * *", zone, "2026-03-29T00:30:00Z", &["03-29 03:00 +0200", "03-29 04:00 +0200"]);
    expect("30 1 * * *", zone, autumn, &["10-25 01:30 +0200", "10-26 01:30 +0100"]);
    expect("30 2 * * *", zone, autumn, &["10-25 02:30 +0200", "10-26 02:30 +0100"]);
    expect("0 3 * * *", zone, autumn, &["10-25 03:00 +0100", "10-26 03:00 +0100"]);
    expect("0,30 2 * * SUN", zone, autumn, &["10-25 02:00 +0200", "10-25 02:30 +0200", "11-01 02:00 +0100"]);
    // From within the hour that is shown again.
    expect("30 2 * * *", zone, "2026-10-25T01:10:00Z", &["10-26 02:30 +0100"]);
    let hourly = ["10-25 01:30 +0200", "10-25 02:30 +0200", "10-25 02:30 +0100", "10-25 03:30 +0100"];
    expect("30 * * * *", zone, "2026-10-24T23:00:00Z", &hourly);
    expect("@hourly", zone, "2026-10-25T00:30:00Z", &["10-25 02:00 +0100", "10-25 03:00 +0100"]);
    expect(
        "*/30 * * * *",
        zone,
        "2026-10-25T00:15:00Z",
        &["10-25 02:30 +0200", "10-25 02:00 +0100", "10-25 02:30 +0100", "10-25 03:00 +0100"],
    );
}

#[test]
fn new_york_turns_its_clocks_at_two() {
    // 8 March 2026: 02:00 becomes 03:00. 1 November 2026: 02:00 becomes 01:00.
    let zone = "America/New_York";
    expect("15 2 * * *", zone, "2026-03-07T12:00:00Z", &["03-08 03:00 -0400", "03-09 02:15 -0400"]);
    expect("0 9 * * MON-FRI", zone, "2026-03-06T20:00:00Z", &["03-09 09:00 -0400"]);
    expect("30 1 * * *", zone, "2026-10-31T12:00:00Z", &["11-01 01:30 -0400", "11-02 01:30 -0500"]);
    expect("0 * * * *", zone, "2026-11-01T04:30:00Z", &["11-01 01:00 -0400", "11-01 01:00 -0500", "11-01 02:00 -0500"]);
}

#[test]
fn lord_howe_turns_its_clocks_by_half_an_hour() {
    // 5 April 2026: 02:00 becomes 01:30. 4 October 2026: 02:00 becomes 02:30.
    let zone = "Australia/Lord_Howe";
    expect("45 1 * * *", zone, "2026-04-04T00:00:00Z", &["04-05 01:45 +1100", "04-06 01:45 +1030"]);
    expect("15 2 * * *", zone, "2026-10-03T00:00:00Z", &["10-04 02:30 +1100", "10-05 02:15 +1100"]);
    expect("15,45 2 * * *", zone, "2026-10-03T00:00:00Z", &["10-04 02:30 +1100", "10-04 02:45 +1100", "10-05 02:15 +1100"]);
    expect("45 * * * *", zone, "2026-04-04T14:00:00Z", &["04-05 01:45 +1100", "04-05 01:45 +1030", "04-05 02:45 +1030"]);
    expect(
        "*/15 * * * *",
        zone,
        "2026-04-04T14:40:00Z",
        &["04-05 01:45 +1100", "04-05 01:30 +1030", "04-05 01:45 +1030", "04-05 02:00 +1030"],
    );
}

#[test]
fn utc_never_turns_its_clocks() {
    expect("30 2 * * *", "UTC", "2026-03-28T12:00:00Z", &["03-29 02:30 +0000", "03-30 02:30 +0000"]);
    expect("0 0 29 2 *", "UTC", "2026-03-01T00:00:00Z", &["02-29 00:00 +0000"]);
    expect("0 0 L * *", "UTC", "2026-02-01T00:00:00Z", &["02-28 00:00 +0000", "03-31 00:00 +0000"]);
    expect("0 12 13 * FRI", "UTC", "2026-03-01T00:00:00Z", &["03-06 12:00 +0000", "03-13 12:00 +0000"]);
}

#[test]
fn a_day_that_a_zone_leaves_out_comes_at_its_end() {
    // Samoa went from 29 to 31 December 2011.
    expect("0 12 30 * *", "Pacific/Apia", "2011-12-29T00:00:00Z", &["12-31 00:00 +1400", "01-30 12:00 +1400"]);
}

#[test]
fn a_single_local_time_comes_once() {
    let at_local = |wall: &str| Occurrences::once_local(wall.parse().unwrap(), zone("Europe/Berlin")).after(DateTime::UNIX_EPOCH).unwrap();
    assert_eq!(at_local("2026-07-01T12:00:00"), at("2026-07-01T10:00:00Z"));
    assert_eq!(at_local("2026-03-29T02:30:00"), at("2026-03-29T01:00:00Z"));
    assert_eq!(at_local("2026-10-25T02:30:00"), at("2026-10-25T00:30:00Z"));
    let once = Occurrences::once(at("2026-07-01T12:00:00Z"));
    assert_eq!(once.after(at("2026-07-01T12:00:00Z")), None);
}

#[test]
fn what_is_no_pattern_or_never_matches_is_told() {
    for wrong in [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "@reboot",
        "a b c d e",
        "*/0 * * * *",
        "5-1 * * * *",
    ] {
        assert!(Occurrences::recurring(wrong, Tz::UTC).is_err(), "{wrong}");
    }
    let never = Occurrences::recurring("0 0 30 2 *", Tz::UTC).unwrap();
    assert_eq!(never.after(at("2026-01-01T00:00:00Z")), None);
}

#[test]
fn an_end_ends_it() {
    let daily = Occurrences::recurring("0 0 * * *", Tz::UTC).unwrap().until(Some(at("2026-01-03T00:00:00Z")));
    assert_eq!(daily.after(at("2026-01-02T00:00:00Z")), Some(at("2026-01-03T00:00:00Z")));
    assert_eq!(daily.after(at("2026-01-03T00:00:00Z")), None);
}

const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Antarctica/Troll",
    "Pacific/Chatham",
];

fn pattern() -> impl Strategy<Value = String> {
    let minute = prop_oneof![
        Just("*".to_owned()),
        (1..31_u32).prop_map(|step| format!("*/{step}")),
        (0..60_u32).prop_map(|minute| minute.to_string())
    ];
    let hour = prop_oneof![
        Just("*".to_owned()),
        (0..24_u32).prop_map(|hour| hour.to_string()),
        (0..20_u32).prop_map(|hour| format!("{hour}-{}", hour + 3))
    ];
    let weekday = prop_oneof![3 => Just("*".to_owned()), 1 => (0..7_u32).prop_map(|day| day.to_string())];
    (minute, hour, weekday).prop_map(|(minute, hour, weekday)| format!("{minute} {hour} * * {weekday}"))
}

/// What the words at the head of the module say, minute by minute: the instants of a span at which a pattern comes.
fn by_definition(pattern: &str, zone: Tz, from: DateTime<Utc>, hours: i64) -> Vec<DateTime<Utc>> {
    let cron = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build().parse(pattern).unwrap();
    let every_hour = pattern.split(' ').nth(1) == Some("*");
    let matches = |shown: NaiveDateTime| cron.is_time_matching(&shown.and_utc()).unwrap();
    let show = |instant: DateTime<Utc>| instant.with_timezone(&zone).naive_local();
    let mut found = Vec::new();
    let mut latest = show(from - TimeDelta::hours(30));
    for minute in -30 * 60..hours * 60 {
        let instant = from + TimeDelta::minutes(minute);
        let now = show(instant);
        // What the clocks have passed over or reached since the minute before, and whether it was shown before.
        let again = now <= latest && minute > -30 * 60;
        let mut due = if again { every_hour && matches(now) } else { false };
        let mut passed = latest + TimeDelta::minutes(1);
        while passed <= now {
            due |= matches(passed);
            passed += TimeDelta::minutes(1);
        }
        latest = latest.max(now);
        if due && instant > from {
            found.push(instant);
        }
    }
    found
}

/// The hours of 2026 at whose end the clocks of the zone have been turned.
fn turns(zone: Tz) -> Vec<DateTime<Utc>> {
    let hours = (1..365 * 24).map(|hour| at("2026-01-01T00:00:00Z") + TimeDelta::hours(hour));
    hours.filter(|hour| offset_s(zone, *hour) != offset_s(zone, *hour - TimeDelta::hours(1))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Around the turns of the clocks, and elsewhere, the occurrences are those that the definition names: none lost, none doubled, in order.
    #[test]
    fn occurrences_are_those_of_the_definition(pattern in pattern(), zone_index in 0..ZONES.len(), turn in 0..4_usize, minute in 0..2400_i64) {
        let zone = zone(ZONES[zone_index]);
        let turns = turns(zone);
        let from = turns.get(turn % 3).copied().unwrap_or_else(|| at("2026-06-01T00:00:00Z")) - TimeDelta::minutes(minute);
        let occurrences = Occurrences::recurring(&pattern, zone).unwrap();
        let end = from + TimeDelta::hours(44);
        let found: Vec<_> = std::iter::successors(occurrences.after(from), |last| occurrences.after(*last)).take_while(|next| *next < end).collect();
        prop_assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{pattern}: {found:?}");
        prop_assert_eq!(found, by_definition(&pattern, zone, from, 44), "{} in {} from {}", pattern, zone, from);
    }

    /// It does not matter from where one looks: whatever lies before the next occurrence has the same next occurrence.
    #[test]
    fn the_next_occurrence_is_the_same_from_everywhere_before_it(pattern in pattern(), zone_index in 0..ZONES.len(), second in 0..31_622_400_i64, part in 0.0..1.0_f64) {
        let occurrences = Occurrences::recurring(&pattern, zone(ZONES[zone_index])).unwrap();
        let from = at("2026-01-01T00:00:00Z") + TimeDelta::seconds(second);
        let next = occurrences.after(from).unwrap();
        prop_assert!(next > from);
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a part of a few days in seconds")]
        let between = from + TimeDelta::seconds(((next - from).num_seconds() as f64 * part) as i64);
        if between < next {
            prop_assert_eq!(occurrences.after(between), Some(next));
        }
    }

    /// The last occurrence up to a limit is the one that nothing up to the limit follows.
    #[test]
    fn the_last_occurrence_is_followed_by_none_up_to_the_limit(pattern in pattern(), zone_index in 0..ZONES.len(), second in 0..31_622_400_i64, span in 0..2_000_000_i64) {
        let occurrences = Occurrences::recurring(&pattern, zone(ZONES[zone_index])).unwrap();
        let first = occurrences.after(at("2026-01-01T00:00:00Z") + TimeDelta::seconds(second)).unwrap();
        let limit = first + TimeDelta::seconds(span);
        let last = occurrences.last(first, limit);
        prop_assert!(first <= last && last <= limit);
        prop_assert!(occurrences.after(last).is_none_or(|next| next > limit));
        prop_assert_eq!(occurrences.after(last - TimeDelta::seconds(1)), Some(last));
    }
}
