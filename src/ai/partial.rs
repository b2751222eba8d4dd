//! JSON of which only the beginning is there.

/// The shortest text that is JSON and keeps what the beginning of a JSON text says for sure: a string that has not ended
/// is closed, a key without its value and a literal or number that may go on are left out, lists and objects are closed.
/// Empty when nothing is sure yet. At the first character that JSON does not have there, the text ends.
///
/// A number ends where something follows it, so a text that is nothing but a number is never sure.
///
/// ```
/// use repflow::ai::partial::close;
///
/// assert_eq!(close(r#"{ "sets": [{ "reps": 8, "load": 62"#), r#"{ "sets": [{ "reps": 8}]}"#);
/// assert_eq!(close(r#"{ "why": "Because y"#), r#"{ "why": "Because y"}"#);
/// assert_eq!(close(r#"{ "why"#), "{}");
/// assert_eq!(close("tru"), "");
/// ```
#[must_use]
pub fn close(text: &str) -> String {
    let mut reader = Reader { text: text.as_bytes(), at: 0, keep: 0, ends_in_string: false, open: Vec::new() };
    reader.read();
    let mut closed = crate::small::part(text, 0..reader.keep).to_owned();
    if reader.ends_in_string {
        closed.push('"');
    }
    while let Some(bracket) = reader.open.pop() {
        closed.push(char::from(bracket));
    }
    closed
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    /// What stands before this is sure.
    keep: usize,
    /// What is sure ends within a string.
    ends_in_string: bool,
    /// What closes the lists and objects that are open at `keep`.
    open: Vec<u8>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_space(&mut self) -> Option<u8> {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        self.peek()
    }

    /// Reads until the text ends, the value does, or there is something that JSON does not have. Whatever ends it, the
    /// answer is the same: what was kept.
    fn read(&mut self) -> Option<()> {
        loop {
            // A value is next, or the end of a list that is still empty.
            let byte = self.skip_space()?;
            match byte {
                b'[' | b'{' => {
                    self.at += 1;
                    self.open.push(byte + 2);
                    self.keep = self.at;
                    if self.skip_space()? != byte + 2 {
                        if byte == b'{' {
                            self.key()?;
                        }
                        continue;
                    }
                }
                b'"' => {
                    self.ends_in_string = true;
                    self.string(true)?;
                    self.ends_in_string = false;
                    self.keep = self.at;
                }
                _ => {
                    self.word()?;
                    self.keep = self.at;
                }
            }
            // A value has ended; and with it perhaps those that it is in.
            loop {
                let close = *self.open.last()?;
                let byte = self.skip_space()?;
                self.at += 1;
                if byte == b',' {
                    if close == b'}' {
                        self.skip_space()?;
                        self.key()?;
                    }
                    break;
                }
                if byte != close {
                    return None;
                }
                self.open.pop();
                self.keep = self.at;
            }
        }
    }

    /// A key and its colon.
    fn key(&mut self) -> Option<()> {
        (self.peek()? == b'"').then_some(())?;
        self.string(false)?;
        (self.skip_space()? == b':').then_some(())?;
        self.at += 1;
        Some(())
    }

    /// A string. Of one that `counts`, as much as is sure is kept on the way.
    fn string(&mut self, counts: bool) -> Option<()> {
        self.at += 1;
        // Where half of a character begins that is written as two escapes.
        let mut half = None;
        loop {
            if counts {
                self.keep = half.unwrap_or(self.at);
            }
            let start = self.at;
            let byte = self.peek()?;
            self.at += 1;
            match byte {
                b'"' => return Some(()),
                0..=0x1f => return None,
                b'\\' => {
                    let escaped = self.peek()?;
                    self.at += 1;
                    let mut code = 0;
                    match escaped {
                        b'u' => {
                            for _ in 0..4 {
                                code = code * 16 + char::from(self.peek()?).to_digit(16)?;
                                self.at += 1;
                            }
                        }
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                        _ => return None,
                    }
                    let is_first_half = (0xd800..0xdc00).contains(&code);
                    half = is_first_half.then_some(start);
                }
                _ => {
                    half = None;
                    // All of a character.
                    while matches!(self.peek(), Some(0x80..=0xbf)) {
                        self.at += 1;
                    }
                }
            }
        }
    }

    /// A literal, or a number that something follows.
    fn word(&mut self) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        for literal in ["true", "false", "null"] {
            if rest.starts_with(literal.as_bytes()) {
                self.at += literal.len();
                return Some(());
            }
        }
        self.skip(b"-");
        if self.peek()? == b'0' {
            self.at += 1
        } else {
            self.digits()?
        }
        if self.skip(b".") {
            self.digits()?;
        }
        if self.skip(b"eE") {
            self.skip(b"+-");
            self.digits()?;
        }
        self.peek().map(|_| ())
    }

    /// One of these bytes, when it is next.
    fn skip(&mut self, bytes: &[u8]) -> bool {
        let is_next = self.peek().is_some_and(|byte| bytes.contains(&byte));
        self.at += usize::from(is_next);
        is_next
    }

    /// One digit or more.
    fn digits(&mut self) -> Option<()> {
        const DIGITS: &[u8] = b"0123456789";
        self.skip(DIGITS).then(|| while self.skip(DIGITS) {})
    }
}
