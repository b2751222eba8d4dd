//! Server-Sent Events, as the HTML standard reads them (section 9.2.6, "Interpreting an event stream").
//!
//! Bytes come in whatever pieces the network made of them, and the same bytes give the same events however they were cut.
//! Lines are split before they are decoded: no byte of a character of several bytes looks like the end of a line, so what
//! is no UTF-8 becomes the same replacement characters as if the whole were decoded at once.

/// An event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its `event` field; empty when there was none, which a browser calls `message`.
    pub kind: String,
    /// Its `data` fields, with line feeds between them.
    pub data: String,
    /// The last `id` so far.
    pub last_id: String,
}

/// More came for one event than may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

/// Makes events of bytes.
#[derive(Clone, Debug)]
pub struct Decoder {
    max_bytes: usize,
    /// The line so far, without its end.
    line: Vec<u8>,
    /// No line has ended yet: a byte order mark may stand before the first.
    is_first: bool,
    /// The last line ended with a carriage return, so that a line feed belongs to its end.
    after_return: bool,
    /// The event so far. Its data have a line feed behind each line.
    event: Event,
    retry_ms: Option<u64>,
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

impl Decoder {
    /// A decoder of a stream in which an event, with the line that is being read, is of this many bytes at most.
    #[must_use]
    pub fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            line: Vec::new(),
            is_first: true,
            after_return: false,
            event: Event::default(),
            retry_ms: None,
        }
    }

    /// How long the server wants one to wait before connecting again, in milliseconds.
    #[must_use]
    pub fn retry_ms(&self) -> Option<u64> {
        self.retry_ms
    }

    /// More bytes. Pushes the events that they complete; what is not complete at the end of the stream is none.
    ///
    /// # Errors
    /// An event is too large. The events before it have been pushed.
    pub fn take(&mut self, mut bytes: &[u8], events: &mut Vec<Event>) -> Result<(), TooLarge> {
        loop {
            if self.after_return && !bytes.is_empty() {
                self.after_return = false;
                bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let (line, rest) = bytes.split_at_checked(end.unwrap_or(bytes.len())).unwrap_or_default();
            self.line.extend_from_slice(line);
            if self.line.len() + self.event.data.len() > self.max_bytes {
                return Err(TooLarge);
            }
            let Some((end, rest)) = rest.split_first() else { return Ok(()) };
            self.after_return = *end == b'\r';
            bytes = rest;
            let line = std::mem::take(&mut self.line);
            self.read(&line, events);
            // Its room is used again.
            self.line = line;
            self.line.clear();
        }
    }

    fn read(&mut self, line: &[u8], events: &mut Vec<Event>) {
        let is_first = std::mem::take(&mut self.is_first);
        let line = line.strip_prefix(BYTE_ORDER_MARK).filter(|_| is_first).unwrap_or(line);
        if line.is_empty() {
            return self.dispatch(events);
        }
        let line = String::from_utf8_lossy(line);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                self.event.data.push_str(value);
                self.event.data.push('\n');
            }
            "event" => value.clone_into(&mut self.event.kind),
            "id" if !value.contains('\0') => value.clone_into(&mut self.event.last_id),
            "retry" => self.retry_ms = crate::number::whole(value, 10).or(self.retry_ms),
            // A comment, or a field of another day.
            _ => {}
        }
    }

    fn dispatch(&mut self, events: &mut Vec<Event>) {
        let next = Event { last_id: self.event.last_id.clone(), ..Event::default() };
        let mut event = std::mem::replace(&mut self.event, next);
        if event.data.pop().is_some() {
            events.push(event);
        }
    }
}
