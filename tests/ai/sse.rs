//! Server-Sent Events by the rules of the HTML standard, however they are cut.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use proptest::prelude::*;
use repflow::ai::sse::{Decoder, Event, TooLarge};

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Option<u64>) {
    let (mut decoder, mut events) = (Decoder::new(1 << 20), Vec::new());
    for piece in pieces {
        decoder.take(piece, &mut events).expect("it is small");
    }
    (events, decoder.retry_ms())
}

/// Kind, data and last id of the events of a stream.
fn events(stream: &[u8]) -> Vec<(String, String, String)> {
    decode([stream]).0.into_iter().map(|event| (event.kind, event.data, event.last_id)).collect()
}

fn data(stream: &str) -> Vec<String> {
    decode([stream.as_bytes()]).0.into_iter().map(|event| event.data).collect()
}

#[test]
fn the_examples_of_the_standard() {
    assert_eq!(data("data: YHOO\ndata: +2\ndata: 10\n\n"), ["YHOO\n+2\n10"]);
    let stream = b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n";
    let event = |data: &str, id: &str| (String::new(), data.to_owned(), id.to_owned());
    assert_eq!(events(stream), [event("first event", "1"), event("second event", ""), event(" third event", "")]);
    assert_eq!(data("data\n\ndata\ndata\n\ndata:"), ["", "\n"]);
    assert_eq!(data("data:test\n\ndata: test\n\n"), ["test", "test"]);
}

#[test]
fn every_end_of_a_line_is_one() {
    for end in ["\n", "\r", "\r\n"] {
        let stream = "event: add\ndata: 1\ndata: 2\n\ndata: 3\n\n".replace('\n', end);
        let told = events(stream.as_bytes());
        assert_eq!(told.len(), 2, "{end:?}");
        assert_eq!((told[0].0.as_str(), told[0].1.as_str(), told[1].1.as_str()), ("add", "1\n2", "3"));
        assert_eq!(told[1].0, "", "the kind is that of one event");
    }
    assert_eq!(data("data: 1\r\rdata: 2\n\r\ndata: 3\r\n\r"), ["1", "2", "3"]);
}

#[test]
fn one_byte_order_mark_is_skipped_and_no_other() {
    assert_eq!(data("\u{feff}data: 1\n\ndata: 2\n\n"), ["1", "2"]);
    assert_eq!(data("\u{feff}\u{feff}data: 1\n\ndata: 2\n\n"), ["2"]);
    assert_eq!(data("data: 1\n\n\u{feff}data: 2\n\n"), ["1"]);
    assert_eq!(data("\n\u{feff}data: 1\n\ndata: 2\n\n"), ["2"], "only before everything");
}

#[test]
fn ids_last_and_null_makes_none() {
    let ids = |stream: &str| events(stream.as_bytes()).into_iter().map(|event| event.2).collect::<Vec<_>>();
    assert_eq!(ids("id: 1\ndata: a\n\ndata: b\n\nid: x\0y\ndata: c\n\nid: 2\n\ndata: d\n\n"), ["1", "1", "1", "2"]);
}

#[test]
fn retry_is_digits_only() {
    let retry = |stream: &str| decode([stream.as_bytes()]).1;
    assert_eq!(retry("retry: 1500\n\n"), Some(1_500));
    for other in ["+5", "-5", "1.5", "5s", "", " 5", "٥", "99999999999999999999999"] {
        assert_eq!(retry(&format!("retry: {other}\n")), None, "{other}");
        assert_eq!(retry(&format!("retry: 7\nretry: {other}\n")), Some(7), "{other}");
    }
}

#[test]
fn what_is_no_field_is_ignored() {
    assert_eq!(data(":data: 1\nDATA: 2\n data: 3\ndata : 4\ndat: 5\ndata: 6\n\n"), ["6"]);
    assert_eq!(data("event: alone\n\ndata: 1\n\n"), ["1"]);
    assert_eq!(events(b"event: alone\n\ndata: 1\n\n")[0].0, "", "the kind of an event without data is forgotten");
    assert_eq!(data("data: never ended\n"), Vec::<String>::new());
}

#[test]
fn what_is_no_text_is_replaced_as_a_browser_does() {
    assert_eq!(events(b"data: a\xffb\xf0\x9f\x98\n\n")[0].1, "a\u{fffd}b\u{fffd}");
    assert_eq!(events(b"data: \xe2\x28\xa1\xc0\xaf\n\n")[0].1, "\u{fffd}(\u{fffd}\u{fffd}\u{fffd}");
}

#[test]
fn an_event_that_is_too_large_is_an_error_and_those_before_it_are_told() {
    for stream in
        ["data: 1\n\ndata: 12345678901", "data: 1\n\n:1234567890123456", "data: 1\n\ndata: 1234\ndata: 123456"]
    {
        for size in 1..stream.len() {
            let (mut decoder, mut events) = (Decoder::new(16), Vec::new());
            let end = stream.as_bytes().chunks(size).try_for_each(|piece| decoder.take(piece, &mut events));
            assert_eq!(end, Err(TooLarge), "{stream:?} in pieces of {size}");
            assert_eq!(events.len(), 1);
        }
    }
    let (mut decoder, mut events) = (Decoder::new(16), Vec::new());
    assert_eq!(decoder.take("data: 1234567890\n\n".repeat(9).as_bytes(), &mut events), Ok(()), "each of them is small");
}

/// Streams made of what matters to a decoder.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => prop::sample::select(vec!["\n", "\r", "\r\n", "\n\n", "data: ", "data:", "data", "event: ", "id: ", "id", ":", "retry: 7"]),
        3 => prop::sample::select(vec!["x", " ", "größe", "😀", "\0", "\u{feff}", "{\"a\":1}", "5", "event:"]),
    ];
    prop::collection::vec(piece.prop_map(|text| text.as_bytes().to_vec()), 0..60).prop_map(|pieces| pieces.concat())
}

/// As they come from a network that hurts them.
fn hurt_streams() -> impl Strategy<Value = Vec<u8>> {
    (streams(), prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4)).prop_map(
        |(mut stream, hurts)| {
            for (place, byte) in hurts {
                if !stream.is_empty() {
                    let place = place.index(stream.len());
                    stream[place] = byte;
                }
            }
            stream
        },
    )
}

fn cut(stream: &[u8], places: &[prop::sample::Index]) -> Vec<Vec<u8>> {
    let mut places: Vec<usize> = places.iter().map(|place| place.index(stream.len() + 1)).collect();
    places.extend([0, stream.len()]);
    places.sort_unstable();
    places.windows(2).map(|ends| stream[ends[0]..ends[1]].to_vec()).collect()
}

proptest! {
    #[test]
    fn any_cutting_gives_the_same_events(
        stream in hurt_streams(),
        places in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let whole = decode([&*stream]);
        prop_assert_eq!(&decode(stream.chunks(1)), &whole, "byte by byte");
        prop_assert_eq!(&decode(cut(&stream, &places).iter().map(|piece| &**piece)), &whole);
    }

    #[test]
    fn any_bytes_are_read_and_any_cap_is_kept(
        stream in prop::collection::vec(any::<u8>(), 0..300),
        cap in 0_usize..40,
        size in 1_usize..9,
    ) {
        let run = |size: usize| {
            let (mut decoder, mut events) = (Decoder::new(cap), Vec::new());
            let end = stream.chunks(size).try_for_each(|piece| decoder.take(piece, &mut events));
            (events, end)
        };
        prop_assert_eq!(run(size), run(stream.len().max(1)));
    }

    /// Text is decoded as a whole by the standard, and line by line here.
    #[test]
    fn decoding_by_lines_is_decoding_the_whole(stream in hurt_streams()) {
        let text = String::from_utf8_lossy(&stream).into_owned();
        prop_assert_eq!(decode([&*stream]), decode([text.as_bytes()]));
    }

    /// The crate `sseer` does the same, but for two lines that it reads otherwise than the standard says: `event` without a
    /// colon, which sets the kind to nothing and is nothing there, and a `retry` with a sign, which is not read here. What
    /// is no UTF-8 is an error there.
    #[test]
    fn another_decoder_reads_the_same(
        stream in streams(),
        places in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let expected = other(cut(&stream, &places));
        let told: Vec<_> = events(&stream)
            .into_iter()
            .map(|(kind, data, id)| (if kind.is_empty() { "message".to_owned() } else { kind }, data, id))
            .collect();
        prop_assert_eq!(told, expected);
    }
}

struct Pieces(std::vec::IntoIter<Vec<u8>>);

impl Stream for Pieces {
    type Item = Result<Vec<u8>, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}

fn other(pieces: Vec<Vec<u8>>) -> Vec<(String, String, String)> {
    let mut stream = pin!(sseer::EventStream::new(Pieces(pieces.into_iter())));
    let mut context = Context::from_waker(Waker::noop());
    let mut told = Vec::new();
    while let Poll::Ready(Some(event)) = stream.as_mut().poll_next(&mut context) {
        let event = event.expect("it is text");
        told.push((event.event.to_string(), event.data.to_string(), event.id.to_string()));
    }
    told
}
