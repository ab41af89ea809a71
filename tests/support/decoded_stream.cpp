#include "support/decoded_stream.hpp"

#include <algorithm>
#include <variant>

#include <boost/asio/io_context.hpp>
#include <boost/beast/_experimental/test/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

namespace peerjsd::test {
namespace {

namespace beast = boost::beast;
namespace asio = boost::asio;
namespace websocket = beast::websocket;
using net::NeedMore;
using net::WebSocketDecoder;
using net::WebSocketError;
using net::WebSocketEvent;

std::string described(const WebSocketEvent& event) {
  const std::string data{event.data};
  switch (event.kind) {
    case WebSocketEvent::Kind::Text:
      return "text " + data;
    case WebSocketEvent::Kind::Binary:
      return "binary " + data;
    case WebSocketEvent::Kind::Ping:
      return "ping " + data;
    case WebSocketEvent::Kind::Pong:
      return "pong " + data;
    case WebSocketEvent::Kind::Close:
      break;
  }
  return "close " + std::to_string(static_cast<unsigned>(event.close_code)) + " " + data;
}

std::string described(const WebSocketError& error) {
  return "error " + std::to_string(static_cast<unsigned>(error.close_code));
}

BeastVerdict::End end_of(const beast::error_code& error) {
  using End = BeastVerdict::End;
  if (error == websocket::error::bad_frame_payload) return End::BadText;
  if (error == websocket::error::bad_close_payload) return End::BadCloseReason;
  if (error == websocket::error::bad_close_code) return End::BadCloseCode;
  return error == websocket::error::message_too_big ? End::TooBig : End::Other;
}

class BeastServer {
 public:
  BeastServer(std::size_t limit, std::size_t chunk) {
    websocket::request_type request{beast::http::verb::get, "/", 11};
    request.set(beast::http::field::host, "localhost");
    request.set(beast::http::field::upgrade, "websocket");
    request.set(beast::http::field::connection, "upgrade");
    request.set(beast::http::field::sec_websocket_key, "dGhlIHNhbXBsZSBub25jZQ==");
    request.set(beast::http::field::sec_websocket_version, "13");
    stream_.next_layer().connect(client_);
    stream_.accept(request);
    stream_.read_message_max(limit);
    stream_.next_layer().read_size(chunk);
    stream_.control_callback([this](websocket::frame_type type, beast::string_view payload) {
      note_control(type, std::string{payload});
    });
  }

  BeastVerdict read(std::string_view bytes) {
    stream_.next_layer().append({bytes.data(), bytes.size()});
    stream_.next_layer().close_remote();
    beast::error_code error;
    while (!error) read_message(error);
    if (error != websocket::error::closed && error != asio::error::eof) {
      transcript_.push_back("error " + std::to_string(code_sent()));
    }
    return {std::move(transcript_), error.message(), end_of(error)};
  }

 private:
  void read_message(beast::error_code& error) {
    beast::flat_buffer buffer;
    stream_.read(buffer, error);
    if (error) return;
    const auto data = buffer.cdata();
    const std::string message{static_cast<const char*>(data.data()), data.size()};
    transcript_.push_back((stream_.got_text() ? "text " : "binary ") + message);
  }

  void note_control(websocket::frame_type type, const std::string& payload) {
    if (type == websocket::frame_type::close) {
      const unsigned code = stream_.reason().code;
      transcript_.push_back("close " + std::to_string(code == 0 ? 1005 : code) + " " + payload);
    } else {
      transcript_.push_back((type == websocket::frame_type::ping ? "ping " : "pong ") + payload);
    }
  }

  // From the Close frame that ends what Beast wrote.
  unsigned code_sent() const {
    const std::string written{client_.str()};
    const auto tail = written.substr(written.size() - 4);
    if (!tail.starts_with("\x88\x02")) return 0;
    return static_cast<unsigned char>(tail[2]) * 256U + static_cast<unsigned char>(tail[3]);
  }

  asio::io_context context_;
  beast::test::stream client_{context_};
  websocket::stream<beast::test::stream, false> stream_{context_};
  Transcript transcript_;
};

// Where this decoder means to differ from Beast 1.81:
// - UTF-8 of text is left to the parser of the message; Beast stops at the first wrong byte, and
//   what comes after is not compared.
// - A Close reason that is not UTF-8 is 1007; Beast says 1002.
// - Close code 1014 (registered with IANA) is accepted, 5000 and above refused; Beast: vice versa.
// - A 64-bit length with its top bit set is 1002; Beast counts it as a length, 1009.
bool means_to_differ(const DecodedStream& ours, const BeastVerdict& theirs) {
  const auto our_last = ours.transcript().empty() ? std::string() : ours.transcript().back();
  const auto beast_last = theirs.transcript.back();
  if (theirs.end == BeastVerdict::End::BadCloseReason) return our_last == "error 1007";
  if (theirs.end == BeastVerdict::End::BadCloseCode) {
    return our_last.starts_with("close 1014 ") || our_last == "error 1007";
  }
  if (theirs.end == BeastVerdict::End::TooBig) {
    return our_last == "error 1002" && ours.reason() == "length out of range";
  }
  return beast_last.starts_with("close ") && std::stoul(beast_last.substr(6)) >= 5000 &&
         our_last == "error 1002";
}

}  // namespace

void DecodedStream::feed(std::string_view bytes) {
  std::vector<char> storage(bytes.begin(), bytes.end());
  std::span<char> input{storage};
  while (!ended_) {
    const auto result = decoder_.next(input, limit_);
    if (std::holds_alternative<NeedMore>(result)) break;
    note(result);
  }
  if (!ended_ && !input.empty()) transcript_.push_back("NeedMore, but input is left");
}

void DecodedStream::feed_in_chunks(std::string_view bytes, std::size_t chunk) {
  for (; !bytes.empty() && !ended_; bytes.remove_prefix(std::min(chunk, bytes.size()))) {
    feed(bytes.substr(0, chunk));
  }
}

void DecodedStream::note(const WebSocketDecoder::Result& result) {
  if (const auto* event = std::get_if<WebSocketEvent>(&result)) {
    transcript_.push_back(described(*event));
    ended_ = event->kind == WebSocketEvent::Kind::Close;
  } else {
    const auto& error = std::get<WebSocketError>(result);
    transcript_.push_back(described(error));
    reason_ = error.reason;
    ended_ = true;
  }
}

BeastVerdict read_with_beast(std::string_view bytes, std::size_t limit, std::size_t chunk) {
  return BeastServer{limit, chunk}.read(bytes);
}

Verdict compare(const DecodedStream& ours, const BeastVerdict& theirs) {
  const auto& lines = ours.transcript();
  if (lines == theirs.transcript) return Verdict::Same;
  if (theirs.transcript.empty()) return Verdict::Different;
  const auto before = theirs.transcript.size() - 1;
  const bool same_before =
      lines.size() >= before &&
      std::equal(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(before),
                 theirs.transcript.begin());
  const bool stopped_at_text = theirs.end == BeastVerdict::End::BadText;
  const bool meant =
      stopped_at_text || (lines.size() == before + 1 && means_to_differ(ours, theirs));
  return same_before && meant ? Verdict::DeliberatelyDifferent : Verdict::Different;
}

}  // namespace peerjsd::test
