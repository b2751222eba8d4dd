//! When the server says to come back.

use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;
use repflow::policy::retry_after;
use repflow::time::{MAX_DURATION, Timestamp};

/// Sun, 06 Nov 1994 08:49:37 GMT, the date of the examples in RFC 9110.
const EXAMPLE: u64 = 784_111_777;

fn at(secs: u64) -> Timestamp {
    Timestamp::EPOCH + Duration::from_secs(secs)
}

/// `retry-after` alone.
fn after(header: &str) -> Option<Duration> {
    retry_after(None, Some(header), at(EXAMPLE))
}

/// `retry-after-ms` alone.
fn after_ms(header: &str) -> Option<Duration> {
    retry_after(Some(header), None, at(EXAMPLE))
}

/// The instant that a date names, in seconds since the epoch.
fn date(header: &str) -> Option<u64> {
    retry_after(None, Some(header), Timestamp::EPOCH).map(|wait| wait.as_secs())
}

fn micros(micros: u64) -> Option<Duration> {
    Some(Duration::from_micros(micros))
}

#[test]
fn no_header_says_nothing() {
    assert_eq!(retry_after(None, None, at(0)), None);
}

/// RFC 9110, section 10.2.3.
#[test]
fn retry_after_is_a_number_of_seconds() {
    assert_eq!(after("120"), Some(Duration::from_secs(120)));
    assert_eq!(after("0"), Some(Duration::ZERO));
    assert_eq!(after(" 007\t"), Some(Duration::from_secs(7)));
}

/// OpenAI's and Anthropic's client libraries read both headers as floats, and milliseconds first.
#[test]
fn milliseconds_win_and_numbers_may_have_a_fraction_as_in_the_clients_of_openai() {
    assert_eq!(after_ms("1500"), micros(1_500_000));
    assert_eq!(after_ms("1.5"), micros(1_500));
    assert_eq!(after("1.5"), micros(1_500_000));
    assert_eq!(after("0.250"), micros(250_000));
    assert_eq!(retry_after(Some("20"), Some("30"), at(0)), micros(20_000));
    assert_eq!(retry_after(Some("0"), Some("30"), at(0)), micros(0));
    assert_eq!(retry_after(Some("soon"), Some("30"), at(0)), micros(30_000_000), "the next best");
    assert_eq!(retry_after(Some("-1"), Some("30"), at(0)), micros(30_000_000));
}

#[test]
fn a_fraction_of_a_microsecond_is_a_whole_one() {
    assert_eq!(after("0.0000001"), micros(1));
    assert_eq!(after("0.1234560"), micros(123_456));
    assert_eq!(after("0.12345600000000000000000000000001"), micros(123_457));
    assert_eq!(after_ms("0.0001"), micros(1));
    assert_eq!(after_ms("0.001000"), micros(1));
}

#[test]
fn what_is_too_long_is_cut() {
    for header in
        ["999999999", "18446744073709551615", "99999999999999999999999999999999.9", "Fri, 31 Dec 9999 23:59:59 GMT"]
    {
        assert_eq!(after(header), Some(MAX_DURATION), "{header}");
    }
    assert_eq!(after_ms("18446744073709551616"), Some(MAX_DURATION));
    assert_eq!(after("315360000"), Some(MAX_DURATION));
    assert_eq!(after("315359999"), Some(MAX_DURATION - Duration::from_secs(1)));
}

#[test]
fn what_cannot_be_read_says_nothing() {
    let headers = [
        "",
        " ",
        ".",
        "1.",
        ".5",
        "-1",
        "+1",
        "1e3",
        "1_000",
        "1,5",
        "0x10",
        "NaN",
        "Infinity",
        "soon",
        "1.2.3",
        "12 s",
        "٣",
        "1.٣",
        "Sün, 06 Nov 1994 08:49:37 GMT",
        "Su€",
        "S",
        "1994-11-06T08:49:37Z",
    ];
    for header in headers {
        assert_eq!(after(header), None, "{header:?}");
        assert_eq!(after_ms(header), None, "{header:?}");
    }
    assert_eq!(after_ms("Sun, 06 Nov 1994 08:49:37 GMT"), None, "a date is no number of milliseconds");
}

/// The three examples of RFC 9110, section 5.6.7.
#[test]
fn retry_after_is_a_date_in_one_of_three_forms() {
    for header in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
        assert_eq!(retry_after(None, Some(header), at(EXAMPLE - 30)), Some(Duration::from_secs(30)), "{header}");
        assert_eq!(retry_after(None, Some(header), at(EXAMPLE)), Some(Duration::ZERO), "{header}");
        assert_eq!(retry_after(None, Some(header), at(EXAMPLE + 30)), Some(Duration::ZERO), "{header}: it is over");
        let before = Timestamp::from_millis(EXAMPLE as f64 * 1_000.0 - 0.25);
        assert_eq!(retry_after(None, Some(header), before), micros(250), "{header}");
    }
}

/// RFC 9110, section 5.6.7: two digits that seem to lie more than 50 years ahead are a year of the past.
#[test]
fn a_year_of_two_digits_is_the_one_within_fifty_years() {
    // 1 July 2026.
    let now = at(1_782_864_000);
    let year = Duration::from_secs(365 * 86_400);
    let wait = |header| retry_after(None, Some(header), now).unwrap();
    assert_eq!(wait("Thursday, 02-Jul-26 00:00:00 GMT"), Duration::from_secs(86_400));
    assert_eq!(wait("Thursday, 01-Jul-77 00:00:00 GMT"), Duration::ZERO, "1977");
    assert_eq!(wait("Thursday, 01-Jul-76 00:00:00 GMT"), MAX_DURATION, "2076");
    assert_eq!(wait("Thursday, 01-Jul-99 00:00:00 GMT"), Duration::ZERO, "1999");
    assert!(wait("Thursday, 01-Jul-27 00:00:00 GMT") >= year, "2027");
    // 1 July 2099: the crate httpdate takes 70 to 99 for the last century for ever.
    let late = retry_after(None, Some("Wednesday, 01-Jul-99 00:00:10 GMT"), at(4_086_547_200));
    assert_eq!(late, Some(Duration::from_secs(10)));
}

/// RFC 9110, section 5.6.7: second 60 is a leap second.
#[test]
fn a_leap_second_is_the_second_after_it() {
    let midnight = date("Sun, 01 Jan 2017 00:00:00 GMT");
    assert!(midnight.is_some_and(|it| it > 0));
    let wait = |header| retry_after(None, Some(header), at(1_483_228_790));
    assert_eq!(wait("Sat, 31 Dec 2016 23:59:60 GMT"), Some(Duration::from_secs(10)));
    assert_eq!(wait("Sat, 31 Dec 2016 23:59:61 GMT"), None);
}

#[test]
fn days_that_do_not_exist_say_nothing() {
    let headers = [
        "Fri, 00 Nov 1994 08:49:37 GMT",
        "Thu, 31 Nov 1994 08:49:37 GMT",
        "Tue, 29 Feb 1995 08:49:37 GMT",
        "Thu, 29 Feb 2100 08:49:37 GMT",
        "Fri, 30 Feb 1996 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nom 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Son, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 PST",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun,  6 Nov 1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov    08:49:37 1994",
        "06 Nov 1994 08:49:37 GMT",
    ];
    for header in headers {
        assert_eq!(after(header), None, "{header}");
    }
    assert!(date("Thu, 29 Feb 1996 08:49:37 GMT").is_some());
    assert!(date("Tue, 29 Feb 2000 08:49:37 GMT").is_some());
    assert_eq!(date("Sun, 06 Nov 1066 08:49:37 GMT"), Some(0), "long over");
    assert_eq!(date("Sun, 06 Nov 0000 08:49:37 GMT"), Some(0));
}

/// The other two forms of a date that httpdate has written.
fn obsolete(fixdate: &str) -> [String; 2] {
    let parts: Vec<&str> = fixdate.split([' ', ',']).filter(|part| !part.is_empty()).collect();
    let [weekday, day, month, year, time, _] = parts[..] else { panic!("{fixdate}") };
    let full = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let full = full.iter().find(|name| name.starts_with(weekday)).unwrap();
    let day_of_month = day.parse::<u32>().unwrap();
    [
        format!("{full}, {day}-{month}-{} {time} GMT", &year[2..]),
        format!("{weekday} {month} {day_of_month:>2} {time} {year}"),
    ]
}

/// Seconds since the epoch up to the end of 9999, many at the edges of days.
fn any_instant() -> impl Strategy<Value = u64> {
    const END: u64 = 253_402_300_799;
    prop_oneof![
        0..=END,
        0_u64..4_102_444_800,
        (1_u64..=END / 86_400, 0_u64..3).prop_map(|(day, off)| day * 86_400 + off - 1)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn what_httpdate_writes_is_read(instant in any_instant(), wait in 0_u64..300_000_000, part in 0_u64..1_000_000) {
        let written = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(instant));
        let wait = Duration::from_micros((wait * 1_000_000 + part).min(instant * 1_000_000));
        let now = Timestamp::EPOCH + (Duration::from_secs(instant) - wait);
        prop_assert_eq!(retry_after(None, Some(&written), now), Some(wait), "{}", written);
        for written in obsolete(&written) {
            prop_assert_eq!(retry_after(None, Some(&written), now), Some(wait), "{}", written);
        }
    }

    /// Where both read a date they read the same. What only we read has a leap second, another weekday or a year
    /// before 1970; what only httpdate reads is in none of the three forms: it overlooks separators.
    #[test]
    fn what_httpdate_reads_is_read(
        instant in 0_u64..4_102_444_800,
        form in 0_usize..3,
        place in any::<prop::sample::Index>(),
        byte in prop::sample::select(&b"0123456789 ,:-GMTJanFebSu"[..]),
    ) {
        let fixdate = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(instant));
        let [rfc850, asctime] = obsolete(&fixdate);
        let mut written = [fixdate, rfc850, asctime][form].clone().into_bytes();
        let place = place.index(written.len());
        written[place] = byte;
        let written = String::from_utf8(written).unwrap();
        // A year of two digits is read with this day in mind.
        let now = Duration::from_secs(946_684_800);
        let ours = retry_after(None, Some(&written), Timestamp::EPOCH + now);
        match httpdate::parse_http_date(&written) {
            Ok(theirs) => {
                let fixdate = httpdate::fmt_http_date(theirs);
                let [rfc850, asctime] = obsolete(&fixdate);
                let is_in_form = [&fixdate, &rfc850, &asctime].contains(&&written);
                let theirs = theirs.duration_since(UNIX_EPOCH).unwrap().saturating_sub(now).min(MAX_DURATION);
                // httpdate takes 50 to 69 for 2050 to 2069, which is more than 50 years from that day.
                if is_in_form && (form != 1 || theirs < MAX_DURATION) {
                    prop_assert_eq!(ours, Some(theirs), "{}", written);
                } else if theirs < MAX_DURATION {
                    prop_assert!(ours.is_none_or(|ours| ours == theirs), "{}", written);
                }
            }
            Err(_) => prop_assert!(
                ours.is_none_or(|ours| ours.is_zero()) || written.contains(":60") || another_weekday_would_do(&written),
                "{} is read as {:?}", written, ours
            ),
        }
    }

    #[test]
    fn never_earlier_than_the_server_said(whole in 0_u64..100_000, fraction in "[0-9]{1,12}") {
        let header = format!("{whole}.{fraction}");
        // In units of 10^-12.
        let said = u128::from(whole) * 10_u128.pow(12) + format!("{fraction:0<12}").parse::<u128>().unwrap();
        let secs = after(&header).unwrap().as_nanos() * 1_000;
        prop_assert!(secs >= said && secs < said + 1_000_000, "{} is read as {}", header, secs);
        let millis = after_ms(&header).unwrap().as_nanos() * 1_000_000;
        prop_assert!(millis >= said && millis < said + 1_000_000_000, "{} is read as {}", header, millis);
    }

    #[test]
    fn nothing_panics(ms in "\\PC{0,12}", header in "[A-Za-z0-9:;,. \\-é]{0,40}", secs: u64) {
        let now = Timestamp::EPOCH + Duration::from_micros(secs);
        let _ = retry_after(Some(&ms), None, now);
        let wait = retry_after(None, Some(&header), now);
        prop_assert!(wait.is_none_or(|wait| wait <= MAX_DURATION));
    }
}

/// Whether httpdate reads it once the weekday is another.
fn another_weekday_would_do(written: &str) -> bool {
    let letters = written.bytes().take_while(u8::is_ascii_alphabetic).count();
    let is_full = written.as_bytes().get(letters) == Some(&b',') && written.contains('-');
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"].iter().any(|name| {
        let name = if is_full { name } else { &name[..3] };
        httpdate::parse_http_date(&format!("{name}{}", &written[letters..])).is_ok()
    })
}
