//! From a frame to its answer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use jsonrpsee::core::server::{AsyncMethod, ConnectionId, MethodCallback, Methods};
use jsonrpsee::types::Params;
use jsonrpsee::{Extensions, MethodResponse};
use serde_json::value::RawValue;
use tokio::runtime::Handle;

use crate::session::{BatchRoom, Id, Pending, Phase, Session, Unanswered, tasks};

use super::error::{Error, NotARequest, Unreadable};
use super::message::{self, Incoming, Message};
use super::methods::{self, Request};
use super::notices;

/// Whether the reading thread continues.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    /// Read the next frame.
    Continue,
    /// The client has sent `exit`.
    Exit,
}

/// One connection, as JSON-RPC sees it.
pub struct Connection {
    pub(super) methods: Methods,
    pub(super) session: Arc<Session>,
    runtime: Handle,
}

/// The future answer of a call; `None` for a notification.
pub(super) type Answer = Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send>>;

/// A call that has been started.
pub(super) enum Started {
    /// The call is done. `None` if it has no answer.
    Done(Option<Vec<u8>>),
    /// The call has to wait, and is in the ledger until `request` is dropped.
    Waiting { answer: Answer, request: Unanswered },
}

impl Connection {
    /// Creates a connection. Tasks that wait for anything but the vault run on `runtime`.
    pub fn new(session: Arc<Session>, runtime: Handle) -> Self {
        runtime.spawn(notices::run(session.clone()));
        session.answer_on_the_vaults_thread(runtime.clone());
        Self { methods: methods::all(&session), session, runtime }
    }

    /// The state of the connection.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Blocks while so many requests wait for their answers that no other one may be read.
    pub fn wait_for_turn(&self) {
        self.session.pending().wait_for_fewer();
    }

    /// Waits until every request that was read is answered.
    pub async fn all_answered(&self) {
        self.session.pending().all_answered().await;
    }

    /// Answers a malformed frame after which the next frame can be read.
    pub fn refuse_malformed(&self) {
        self.session.client().send(message::refusal(None, Error::Parse(Unreadable::Frame)));
    }

    /// Answers a frame after which nothing can be read.
    pub fn refuse_violation(&self) {
        self.session.client().send(message::refusal(None, Error::InvalidRequest(NotARequest::Frame)));
    }

    /// Answers a batch that is empty, or that has too many messages.
    pub(super) fn refuse_batch(&self) {
        let error = Error::InvalidRequest(NotARequest::Batch);
        self.session.client().send(message::refusal(None, error));
    }

    /// Whether a text is a whole message.
    pub fn is_whole(text: &[u8]) -> bool {
        message::parse(text).is_some()
    }

    /// The id for the answer to a body that is not JSON.
    pub fn id_in_faulty(body: &[u8]) -> Option<Id> {
        message::id_in_faulty(body)
    }

    /// Handles the body of one frame.
    pub fn receive(&self, body: &[u8]) -> Flow {
        match message::parse(body) {
            None => {
                let id = message::id_in_faulty(body);
                self.session.client().send(message::refusal(id.as_deref(), Error::Parse(Unreadable::Json)));
            }
            Some(Incoming::One(message)) => {
                let is_watch = message.is_watch();
                match self.start(message, body.len(), None) {
                    Started::Done(Some(answer)) => self.session.client().send(answer),
                    Started::Done(None) => {}
                    Started::Waiting { answer, request } => {
                        let client = self.session.client().clone();
                        self.spawn(is_watch, async move {
                            if let Some(answer) = answer.await {
                                client.send(answer);
                            }
                            drop(request);
                        });
                    }
                }
            }
            Some(Incoming::Batch(elements)) => self.receive_batch(&elements, body.len()),
        }
        match self.session.phase() {
            Phase::Exited { .. } => Flow::Exit,
            Phase::Script | Phase::Initialized | Phase::ShutDown => Flow::Continue,
        }
    }

    /// Starts a task. A task with a watch request in it runs on the thread that sends notices, so that no notice comes
    /// between the watch and its answer.
    pub(super) fn spawn(&self, has_watch: bool, task: impl Future<Output = ()> + Send + 'static) {
        if has_watch {
            self.runtime.spawn(task);
        } else {
            tasks::spawn(&self.runtime, task);
        }
    }

    /// Starts the call in a message, in the order of reading, and runs it until it has to wait. `bytes` is the memory
    /// of its frame that stays in use while it waits.
    pub(super) fn start(
        &self,
        message: Message<'_>,
        bytes: usize,
        batch: Option<&Arc<BatchRoom>>,
    ) -> Started {
        let read = |id| self.session.pending().read(id, bytes, batch);
        match message {
            Message::Request { id, method, params } => self.start_request(id, &method, params, read),
            Message::Notification { method, params } => self.start_notification(&method, params, read),
            Message::Response => Started::Done(None),
            Message::Invalid(id) => Started::Done(Some(message::refusal(
                id.as_deref(),
                Error::InvalidRequest(NotARequest::Message),
            ))),
        }
    }

    fn start_request(
        &self,
        id: Id,
        method: &str,
        params: Option<&RawValue>,
        read: impl FnOnce(Option<Id>) -> Unanswered,
    ) -> Started {
        if method == methods::CANCEL && params.is_none_or(methods::is_empty) {
            // Vim's manual teaches this form; its client expects no answer.
            self.session.pending().cancel(&id);
            return Started::Done(None);
        }
        let refused = |error| Started::Done(Some(message::refusal(Some(&id), error)));
        if self.session.phase() >= Phase::ShutDown && method != methods::EXIT {
            return refused(Error::InvalidRequest(NotARequest::Phase));
        }
        match self.methods.method(method) {
            Some(MethodCallback::Async(method)) => run(method, params, read(Some(id))),
            _ => refused(Error::MethodNotFound),
        }
    }

    fn start_notification(
        &self,
        method: &str,
        params: Option<&RawValue>,
        read: impl FnOnce(Option<Id>) -> Unanswered,
    ) -> Started {
        if method == methods::CANCEL {
            if let Some(id) = methods::cancelled_id(params) {
                self.session.pending().cancel(id);
            }
            return Started::Done(None);
        }
        if self.session.phase() >= Phase::ShutDown && method != methods::EXIT {
            return Started::Done(None);
        }
        if methods::notify(&self.session, method, params) {
            return Started::Done(None);
        }
        match self.methods.method(method) {
            Some(MethodCallback::Async(method)) => run(method, params, read(None)),
            _ => Started::Done(None),
        }
    }
}

/// Runs a method until it has to wait.
fn run(method: &AsyncMethod<'static>, params: Option<&RawValue>, request: Unanswered) -> Started {
    let pending = request.pending().clone();
    let mut extensions = Extensions::new();
    extensions.insert(Request { pending: pending.clone(), params: params.map(ToOwned::to_owned) });
    let mut response =
        method(message::PLACEHOLDER, Params::new(None), ConnectionId(0), usize::MAX, extensions);
    // The task that takes over a pending call polls it again, with its own waker.
    match response.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(response) => Started::Done(answer_to(&pending, response)),
        Poll::Pending => {
            request.waits();
            let answer = async move { answer_to(&pending, response.await) };
            Started::Waiting { answer: Box::pin(answer), request }
        }
    }
}

/// `None` for a notification.
fn answer_to(pending: &Pending, response: MethodResponse) -> Option<Vec<u8>> {
    pending.id().map(|id| message::answer(id, response))
}
