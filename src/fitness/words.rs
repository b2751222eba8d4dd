//! The closed vocabularies of the coach, and sets of their words.
//!
//! Every word has one spelling, used in the data files, in requests and in results; the table is `vocabularies.rs`. A
//! [`Set`] is a bit mask, because the questions asked of it ("is every item this exercise requires available?") are asked
//! for each exercise. What can be done with a place in a [`Vocabulary`] is, so that it is compiled once and not for each
//! type.

use std::fmt;
use std::marker::PhantomData;

use serde::ser::{Serialize, Serializer};

use super::record::ToJson;
use crate::value::Value;

/// The spellings of a closed vocabulary.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary {
    /// The words in order, each followed by a space.
    pub(super) names: &'static str,
    /// What else people write for each word, separated by spaces; each list followed by a comma.
    pub(super) aliases: &'static str,
}

impl Vocabulary {
    /// The words in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.names.split_terminator(' ')
    }

    /// The word at a place; empty when there is none.
    #[must_use]
    pub fn name(&self, place: usize) -> &'static str {
        self.names().nth(place).unwrap_or_default()
    }

    /// The place of a word.
    #[must_use]
    pub fn place(&self, name: &str) -> Option<usize> {
        self.names().position(|known| known == name)
    }

    /// The place of what people write for a word, already in lower case and with underscores.
    #[must_use]
    pub fn place_of_alias(&self, alias: &str) -> Option<usize> {
        self.aliases.split(',').position(|list| list.split_terminator(' ').any(|known| known == alias))
    }

    /// The words of a bit mask, in order.
    pub(super) fn of_bits(&self, bits: u32) -> Vec<&'static str> {
        let mut names = Vec::new();
        for (place, name) in self.names().enumerate() {
            if bits & (1 << place) != 0 {
                names.push(name);
            }
        }
        names
    }
}

/// A word of a closed vocabulary of at most 32 words.
pub trait Word: Copy + Eq + 'static {
    /// Every word, in order.
    const ALL: &'static [Self];
    /// Their spellings.
    const VOCABULARY: Vocabulary;

    /// Its place in [`ALL`](Self::ALL).
    fn index(self) -> usize;

    /// Its one spelling.
    fn as_str(self) -> &'static str {
        Self::VOCABULARY.name(self.index())
    }

    /// Its spelling as a person reads it: with spaces.
    fn spoken(self) -> String {
        with_spaces(self.as_str())
    }

    /// The word with that spelling.
    fn from_name(name: &str) -> Option<Self> {
        Self::VOCABULARY.place(name).map(|place| Self::ALL[place])
    }
}

/// A text with spaces for underscores.
pub(super) fn with_spaces(text: &str) -> String {
    let mut spoken = String::new();
    for char in text.chars() {
        spoken.push(if char == '_' { ' ' } else { char });
    }
    spoken
}

/// Defines vocabularies: `Word = "spelling" | "other spellings", "what it is";`.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident {
        $($variant:ident = $text:literal $(| $aliases:literal)?, $vdoc:literal;)*
    })*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $(#[doc = $vdoc] $variant,)* }

        impl $crate::fitness::words::Word for $name {
            const ALL: &'static [Self] = &[$(Self::$variant,)*];
            const VOCABULARY: $crate::fitness::words::Vocabulary = $crate::fitness::words::Vocabulary {
                names: concat!($($text, " ",)*),
                aliases: concat!($($($aliases,)? ",",)*),
            };
            fn index(self) -> usize {
                self as usize
            }
        }

        #[cfg(feature = "schema")]
        impl $crate::fitness::schema::Described for $name {
            fn schema(definitions: &mut $crate::fitness::schema::Definitions) -> serde_json::Value {
                let words: &[(&str, &str)] = &[$(($text, $vdoc)),*];
                definitions.word(stringify!($name), words)
            }
        }

        $crate::fitness::words::word_in_json!($name);
    )* };
}

/// What a word is in JSON: its spelling.
macro_rules! word_in_json {
    ($name:ident) => {
        impl $crate::fitness::record::ToJson for $name {
            fn to_json(&self) -> crate::value::Value {
                $crate::fitness::words::Word::as_str(*self).to_json()
            }
        }

        impl $crate::fitness::record::FromJson for $name {
            fn blank() -> Self {
                <Self as $crate::fitness::words::Word>::ALL[0]
            }

            fn read(
                &mut self,
                json: Option<&crate::value::Value>,
                at: &$crate::fitness::reader::At<'_>,
                reader: &mut $crate::fitness::reader::Reader,
            ) {
                let place = reader.word(json, at, &<Self as $crate::fitness::words::Word>::VOCABULARY);
                *self = <Self as $crate::fitness::words::Word>::ALL[place];
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str($crate::fitness::words::Word::as_str(*self))
            }
        }
    };
}

pub(super) use {word_in_json, words};

include!("vocabularies.rs");

/// A set of words.
pub struct Set<W>(u32, PhantomData<W>);

impl<W: Word> Set<W> {
    /// No word.
    pub const EMPTY: Self = Self(0, PhantomData);

    /// One word.
    #[must_use]
    pub fn only(word: W) -> Self {
        Self(1 << word.index(), PhantomData)
    }

    /// Every word.
    #[must_use]
    pub fn all() -> Self {
        Self((1 << W::ALL.len()) - 1, PhantomData)
    }

    /// The words whose bits, counted by [`Word::index`], are set.
    pub(super) const fn of_bits(bits: u32) -> Self {
        Self(bits, PhantomData)
    }

    /// Its words as bits, counted by [`Word::index`].
    pub(super) const fn bits(self) -> u32 {
        self.0
    }

    /// The spellings of its words, in the order of the vocabulary.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        W::VOCABULARY.of_bits(self.0)
    }

    /// Adds `word`.
    pub fn insert(&mut self, word: W) {
        self.0 |= 1 << word.index();
    }

    /// Takes `word` out.
    pub fn remove(&mut self, word: W) {
        self.0 &= !(1 << word.index());
    }

    /// Whether `word` is in it.
    #[must_use]
    pub fn contains(self, word: W) -> bool {
        self.0 & (1 << word.index()) != 0
    }

    /// What is in either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0, PhantomData)
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0, PhantomData)
    }

    /// What is in it and not in `other`.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0, PhantomData)
    }

    /// Whether everything in it is in `other` too.
    #[must_use]
    pub fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many words are in it.
    #[must_use]
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Its words, in the order of the vocabulary.
    pub fn iter(self) -> impl Iterator<Item = W> {
        W::ALL.iter().copied().filter(move |word| self.contains(*word))
    }
}

impl<W> Clone for Set<W> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<W> Copy for Set<W> {}

impl<W> PartialEq for Set<W> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<W> Eq for Set<W> {}

impl<W: Word> Default for Set<W> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<W: Word> fmt::Debug for Set<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

impl<W: Word> FromIterator<W> for Set<W> {
    fn from_iter<I: IntoIterator<Item = W>>(words: I) -> Self {
        let mut set = Self::EMPTY;
        for word in words {
            set.insert(word);
        }
        set
    }
}

impl<W: Word> ToJson for Set<W> {
    fn to_json(&self) -> Value {
        self.names().to_json()
    }
}

impl<W: Word> Serialize for Set<W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}
