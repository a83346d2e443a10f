//! Slow, stuck and many clients. Streams are in memory and time is paused, so that a timeout is a fact and not a wait.

use super::client::{Call, Reply};
use super::ground::{Ground, completion};
use crate::connection::connection;
use crate::options::{BodyOptions, Options};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Bytes that a stream in memory holds, as a socket's buffers do.
const SOCKET_BYTES: usize = 64 * 1024;

/// A connection in memory to a server like the ground's; the set runs it.
fn connect(ground: &Ground) -> (DuplexStream, JoinSet<()>) {
    let (near, far) = tokio::io::duplex(SOCKET_BYTES);
    let mut tasks = JoinSet::new();
    let connection = connection(far, &ground.options, ground.front());
    tasks.spawn(async move { _ = connection.await });
    (near, tasks)
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_come_is_cut() {
    let ground = Ground::new().await;
    for sent in [
        "",
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx-a: 1\r\n",
    ] {
        let (mut client, _tasks) = connect(&ground);
        client.write_all(sent.as_bytes()).await.unwrap();
        let began = Instant::now();
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.unwrap();
        assert_eq!(
            began.elapsed().as_secs(),
            30,
            "{sent:?} was answered {:?}",
            String::from_utf8_lossy(&rest)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_in_drops_is_cut_all_the_same() {
    let ground = Ground::new().await;
    let (mut client, mut tasks) = connect(&ground);
    let began = Instant::now();
    client.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    while tasks.try_join_next().is_none() {
        tick.tick().await;
        let _ = client.write_all(b"x: y\r\n").await;
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "the connection still lives"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_is_answered_and_cut() {
    let ground = Ground::new().await;
    let (mut client, _tasks) = connect(&ground);
    let call = Call::new("POST", "/v1/events")
        .key(&ground.admin)
        .json(&completion("slow"));
    let wire = call.wire();
    client.write_all(&wire[..wire.len() - 1]).await.unwrap();
    let began = Instant::now();
    let reply = Reply::read(&mut client).await;
    assert_eq!(
        reply.problem(),
        "408 request_timeout: send at least 16384 bytes a second, and the whole body within 60 s"
    );
    assert_eq!(reply.header("connection"), Some("close"));
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_body_in_drops_runs_out_of_time() {
    let ground = Ground::new().await;
    let (client, _tasks) = connect(&ground);
    let (mut reader, mut writer) = tokio::io::split(client);
    let head = format!(
        "POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ntransfer-encoding: chunked\r\n\r\n",
        ground.admin
    );
    let began = Instant::now();
    let drip = async {
        writer.write_all(head.as_bytes()).await.unwrap();
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        while writer.write_all(b"1\r\n \r\n").await.is_ok() {
            tick.tick().await;
        }
    };
    let answer = async {
        let mut text = String::new();
        reader.read_to_string(&mut text).await.unwrap();
        // What still drips in after the answer is heard out for a moment; the answer itself came in time.
        (text, began.elapsed())
    };
    let ((text, waited), ()) = tokio::join!(answer, drip);
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
    assert!(waited.as_secs().abs_diff(10) <= 1, "after {:?}", waited);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_no_answer_is_cut() {
    let ground = Ground::new().await;
    let (mut client, mut tasks) = connect(&ground);
    let began = Instant::now();
    // Answers pile up until the stream is full; then nothing moves.
    let asking = async {
        while client
            .write_all(b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .is_ok()
        {}
    };
    tokio::select! {
        () = asking => {}
        _ = tasks.join_next() => {}
    }
    assert_eq!(began.elapsed().as_secs(), 30);
}

#[tokio::test]
async fn bodies_share_a_bounded_memory() {
    let body = BodyOptions {
        memory_bytes_max: 1000,
        ..BodyOptions::default()
    };
    let ground = Ground::with(Options {
        body,
        ..Options::default()
    })
    .await;
    let large = Call::new("POST", "/v1/events")
        .header("content-type", "application/json")
        .bytes(vec![b' '; 2000]);
    let reply = ground.send(large).await;
    assert_eq!(
        reply.problem(),
        "503 overloaded: too many bodies are being received at once; try again"
    );
    assert_eq!(reply.header("retry-after"), Some("1"));
    for _ in 0..10 {
        ground.post("/v1/events", &completion("small")).await.ok();
    }
}

/// A connection that has had an answer and waits for its next request.
async fn kept_alive(ground: &Ground) -> TcpStream {
    let mut stream = TcpStream::connect(ground.address).await.unwrap();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = [0; 15];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    stream
}

#[tokio::test]
async fn connections_beyond_the_most_wait_for_a_slot() {
    let ground = Ground::with(Options {
        connections_max: 1,
        ..Options::default()
    })
    .await;
    let first = kept_alive(&ground).await;
    // The first connection is kept alive and holds the only slot until it is closed.
    let call = Call::new("GET", "/healthz");
    let second = call.send(ground.address);
    let mut second = std::pin::pin!(second);
    tokio::select! {
        biased;
        reply = &mut second => panic!("answered without a slot: {reply:?}"),
        () = std::future::ready(()) => {}
    }
    drop(first);
    assert_eq!(second.await.status, 200);
}

#[tokio::test]
async fn stopping_finishes_what_is_in_flight() {
    let ground = Ground::new().await;
    let address = ground.address;
    let call = Call::new("POST", "/v1/events")
        .key(&ground.admin)
        .json(&completion("in flight"));
    let wire = call.wire();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut idle = kept_alive(&ground).await;
    // The server asks for the body once the handler runs, so that the request is known to be in flight.
    let text = String::from_utf8(wire).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    stream
        .write_all(format!("{head}\r\nexpect: 100-continue\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut go = [0; 25];
    stream.read_exact(&mut go).await.unwrap();
    assert_eq!(&go, b"HTTP/1.1 100 Continue\r\n\r\n");
    let engine = ground.engine.clone();
    let finish = async {
        // An idle connection is closed at once, which shows that the server is stopping.
        let mut nothing = Vec::new();
        idle.read_to_end(&mut nothing).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
        Reply::read(&mut stream).await
    };
    let (reply, ()) = tokio::join!(finish, ground.stop());
    assert_eq!(reply.ok()["recorded"], 1);
    assert_eq!(engine.state().events, 1);
    assert!(
        TcpStream::connect(address).await.is_err(),
        "the address is still taken"
    );
}
