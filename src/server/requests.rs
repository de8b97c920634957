//! L4 · the requests of one socket that wait for their answers.
//!
//! Thread: the connection's. Invariant: an id is in flight once, and the number of requests in flight is bounded.
//! Deliberately absent: verbs.

use super::envelope;
use crate::{
    link::{Answer, Fault, RequestId},
    model::ErrorCode,
};
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use std::{
    collections::HashSet,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::sync::oneshot;

/// What a script says, or nothing when it dropped the question.
type Said = Result<Result<Answer, Fault>, oneshot::error::RecvError>;

/// One that waits.
#[derive(Debug)]
struct Waiting {
    id: Option<RequestId>,
    answer: oneshot::Receiver<Result<Answer, Fault>>,
}

impl Future for Waiting {
    type Output = (Option<RequestId>, Said);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer).poll(cx).map(|said| (self.id.take(), said))
    }
}

/// Those that wait.
#[derive(Debug)]
pub(super) struct Requests {
    most: usize,
    longest: usize,
    ids: HashSet<RequestId>,
    waiting: FuturesUnordered<Waiting>,
}

/// An answer to send, and what has to be let in before.
pub(super) struct Answered {
    pub text: String,
    pub streams: Vec<crate::control::core::Stream>,
}

impl Requests {
    /// `[net]` At most so many, with answers of at most so many bytes.
    pub(super) fn new(most: usize, longest: usize) -> Self {
        Self { most, longest, ids: HashSet::new(), waiting: FuturesUnordered::new() }
    }

    /// `[net]` One more; where its answer goes, or why not.
    pub(super) fn begin(&mut self, id: &RequestId) -> Result<oneshot::Sender<Result<Answer, Fault>>, Fault> {
        if self.ids.contains(id) {
            return Err(Fault::rpc(-32600, "INVALID_REQUEST", "a request with this id is in flight"));
        }
        if self.ids.len() >= self.most {
            let sentence = format!("{} requests are in flight, which is the limit; wait for answers", self.most);
            let mut fault = Fault::new(ErrorCode::BUSY, sentence);
            fault.retry = true;
            return Err(fault);
        }
        let (reply, answer) = oneshot::channel();
        self.ids.insert(id.clone());
        self.waiting.push(Waiting { id: Some(id.clone()), answer });
        Ok(reply)
    }

    /// `[net]` Whether any wait.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// `[net]` The next answer; `None` when nothing waits. May be given up at any time.
    pub(super) async fn next(&mut self) -> Option<Answered> {
        let (id, said) = self.waiting.next().await?;
        let id = id?;
        self.ids.remove(&id);
        let (text, streams) = match said {
            Ok(Ok(Answer { result, streams })) => (envelope::result(&id, &result), streams),
            Ok(Err(fault)) => (envelope::error(Some(&id), &fault), Vec::new()),
            Err(_) => {
                let mut fault = Fault::rpc(-32800, "CANCELLED", "the request was cancelled");
                fault.retry = true;
                (envelope::error(Some(&id), &fault), Vec::new())
            }
        };
        if text.len() > self.longest {
            let sentence = format!("the answer is longer than {} bytes; ask for less", self.longest);
            let text = envelope::error(Some(&id), &Fault::new(ErrorCode::TOO_LARGE, sentence));
            return Some(Answered { text, streams });
        }
        Some(Answered { text, streams })
    }
}
