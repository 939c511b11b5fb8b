//! Batches (JSON-RPC 2.0, section 6). The answer is one array, in the order of the requests. A batch in which nothing
//! asks for an answer gets none.

use serde_json::value::RawValue;

use crate::limits;
use crate::session::{Client, Id};
use crate::vault::{self, OverLimit};

use super::connection::{Answer, Connection, Started};
use super::message::{self, Message};

/// The answers of a batch so far. Apart from short ones, they are together no longer than a message may be.
struct Collected {
    most: usize,
    text: Vec<u8>,
}

impl Collected {
    fn add(&mut self, id: Option<&RawValue>, answer: &[u8]) {
        self.text.push(if self.text.is_empty() { b'[' } else { b',' });
        if answer.len() > limits::SHORT_ANSWER && self.text.len() + answer.len() > self.most {
            let limit = self.most as u64;
            self.text.extend(message::refusal(
                id,
                vault::Error::DataTooLarge { reason: OverLimit::Batch, limit }.into(),
            ));
        } else {
            self.text.extend_from_slice(answer);
        }
    }

    fn send(mut self, client: &dyn Client) {
        if !self.text.is_empty() {
            self.text.push(b']');
            client.send(self.text);
        }
    }
}

impl Connection {
    pub(super) fn receive_batch(&self, elements: &[&RawValue], bytes: usize) {
        if elements.is_empty() || elements.len() > limits::BATCH {
            return self.refuse_batch();
        }
        let mut collected = Collected { most: self.session.limits().message, text: Vec::new() };
        let mut requests = Vec::new();
        // Answers are counted while they are made, because each of them waits for all the others.
        let room = self.session.batch_room();
        let mut rest: Vec<(Option<Id>, Element)> = Vec::new();
        let messages: Vec<_> = elements.iter().map(|element| Message::parse(element)).collect();
        // The answer to a watch request is not sent before all the others are ready.
        let quiet = messages.iter().any(Message::is_watch).then(|| self.session.no_notices());
        for message in messages {
            let id = match &message {
                Message::Request { id, .. } => Some(id.clone()),
                _ => None,
            };
            // The frame's memory counts once, with the first element that waits.
            let bytes = if requests.is_empty() { bytes } else { 0 };
            match self.start(message, bytes, Some(&room)) {
                Started::Done(None) => {}
                // Answers are in the order of the requests: behind one that waits, the others wait too.
                Started::Done(Some(answer)) if rest.is_empty() => collected.add(id.as_deref(), &answer),
                Started::Done(Some(answer)) => rest.push((id, Element::Answered(answer))),
                Started::Waiting { answer, request } => {
                    requests.push(request);
                    rest.push((id, Element::Waiting(answer)));
                }
            }
        }
        if rest.is_empty() {
            return collected.send(&**self.session.client());
        }
        let client = self.session.client().clone();
        self.spawn(quiet.is_some(), async move {
            for (id, element) in rest {
                let answer = match element {
                    Element::Answered(answer) => Some(answer),
                    Element::Waiting(answer) => answer.await,
                };
                if let Some(answer) = answer {
                    collected.add(id.as_deref(), &answer);
                }
            }
            collected.send(&*client);
            drop(room);
            drop((requests, quiet));
        });
    }
}

enum Element {
    Answered(Vec<u8>),
    Waiting(Answer),
}
