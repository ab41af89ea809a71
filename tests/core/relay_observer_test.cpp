#include "peerjsd/core/observer.hpp"
#include "peerjsd/core/relay.hpp"
#include "support/recording_backend.hpp"
#include "support/recording_transport.hpp"
#include "support/relay_setup.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace peerjsd::core {
namespace {

using namespace std::chrono_literals;
using test::RecordingBackend;
using test::RecordingTransport;
using test::relay_options;
using test::text;
using test::Texts;

class RecordingObserver final : public Observer {
 public:
  void connected(const Peer& peer) override { add("connected", peer); }
  void disconnected(const Peer& peer, End end) override {
    add("disconnected", peer, " " + std::string(to_string(end)));
  }
  void left(const Peer& peer) override { add("left", peer); }
  void expired(std::string_view key, std::string_view src, std::string_view dst) override {
    seen.push_back("expired " + std::string(key) + " " + std::string(src) + " " + std::string(dst));
  }

  Texts take() { return std::exchange(seen, {}); }

 private:
  void add(const std::string& what, const Peer& peer, const std::string& more = {}) {
    seen.push_back(what + " " + peer.id + " " + std::to_string(peer.registration.number) + more);
  }

  Texts seen;
};

class RelayObserverTest : public testing::Test {
 protected:
  RelayObserverTest() { relay_.observe_by(&observer_); }

  Admission attach(RecordingTransport& transport, std::string_view id,
                   std::string_view token = "token") {
    return relay_.attach(transport, {"peerjs", id, token}, {PeerKind::Page}, now_);
  }

  void detach(RecordingTransport& transport, End end) { relay_.detach(transport, end, now_); }

  void pass(Duration time) {
    now_ += time;
    relay_.expire(now_);
  }

  Texts seen() { return observer_.take(); }

  Instant now_{1h};
  RecordingObserver observer_;
  RecordingTransport a_;
  RecordingTransport b_;
  Relay relay_{relay_options()};
};

TEST_F(RelayObserverTest, SeesAPeerComeAndGo) {
  attach(a_, "a");
  EXPECT_EQ(seen(), Texts{"connected a 1"});
  attach(b_, "a", "another");
  EXPECT_EQ(seen(), Texts{}) << "who is refused was never there";
  detach(a_, End::GoingAway);
  EXPECT_EQ(seen(), (Texts{"disconnected a 1 going away", "left a 1"}));
  attach(b_, "a", "another");
  EXPECT_EQ(seen(), Texts{"connected a 2"});
}

TEST_F(RelayObserverTest, SeesWhoIsLostAndReturns) {
  attach(a_, "a");
  detach(a_, End::Lost);
  const std::string lost = "disconnected a 1 " + std::string(to_string(End::Lost));
  EXPECT_EQ(seen(), (Texts{"connected a 1", lost}));
  attach(b_, "a");
  EXPECT_EQ(seen(), Texts{"connected a 1"});
  detach(b_, End::Lost);
  pass(30s);
  EXPECT_EQ(seen(), (Texts{lost, "left a 1"}));
}

TEST_F(RelayObserverTest, SeesNothingWhereATransportIsReplaced) {
  attach(a_, "a");
  attach(b_, "a");
  EXPECT_EQ(a_.closed, End::Replaced);
  detach(a_, End::Lost);
  EXPECT_EQ(seen(), Texts{"connected a 1"});
  relay_.dismiss("peerjs", "a", now_);
  const std::string text = "disconnected a 1 " + std::string(to_string(End::Dismissed));
  EXPECT_EQ(seen().front(), text);
}

TEST_F(RelayObserverTest, SeesWhatRunsOut) {
  attach(a_, "a");
  seen();
  relay_.receive(a_, R"({"type":"OFFER","dst":"x\"\u00fc"})", now_);
  relay_.receive(a_, R"({"type":"OFFER","dst":7})", now_);
  pass(4999ms);
  EXPECT_EQ(seen(), Texts{});
  pass(1ms);
  EXPECT_EQ(seen(), (Texts{"expired peerjs a x\"\xc3\xbc", "expired peerjs a 7"}));
}

TEST_F(RelayObserverTest, SeesThatWhoIsThereAsTheServerStopsHasLeft) {
  attach(a_, "a");
  seen();
  detach(a_, End::ServerStops);
  EXPECT_EQ(seen(), (Texts{"disconnected a 1 server stops", "left a 1"}));
}

TEST_F(RelayObserverTest, SeesNothingOnceItHasGone) {
  attach(a_, "a");
  relay_.observe_by(nullptr);
  detach(a_, End::GoingAway);
  EXPECT_EQ(seen(), Texts{"connected a 1"});
}

class RelayNodesObserverTest : public RelayObserverTest {
 protected:
  RelayNodesObserverTest() { nodes_.observe_by(&observer_); }

  Claim claim(RecordingTransport& transport, std::string_view id) {
    EXPECT_EQ(nodes_.attach(transport, {"peerjs", id, "token"}, {PeerKind::Page}, now_),
              Admission::Pending);
    return {"peerjs", std::string(id), transport.peer()->registration};
  }

  RecordingBackend backend_;
  Relay nodes_{relay_options(), backend_};
};

TEST_F(RelayNodesObserverTest, SeesAClaimWhenItIsSettled) {
  backend_.answer = Backend::Answer::Later;
  const Claim first = claim(a_, "a");
  EXPECT_EQ(seen(), Texts{});
  nodes_.settle(first, Admission::Opened, {}, now_);
  EXPECT_EQ(seen(), Texts{"connected a 1"});
  const Claim second = claim(b_, "b");
  nodes_.settle(second, Admission::IdTaken, {}, now_);
  EXPECT_EQ(seen(), Texts{});
}

TEST_F(RelayNodesObserverTest, SeesNothingOfAClaimThatNobodyWaitsFor) {
  backend_.answer = Backend::Answer::Later;
  const Claim lost = claim(a_, "a");
  nodes_.detach(a_, End::GoingAway, now_);
  nodes_.settle(lost, Admission::Opened, {}, now_);
  EXPECT_EQ(seen(), Texts{});
}

TEST_F(RelayNodesObserverTest, SeesWhoMovesToAnotherNodeAndWhoIsDisplaced) {
  backend_.answer = Backend::Answer::Yes;
  nodes_.attach(a_, {"peerjs", "a", "token"}, {PeerKind::Page}, now_);
  nodes_.attach(b_, {"peerjs", "b", "token"}, {PeerKind::Page}, now_);
  seen();
  nodes_.hand_over("peerjs", "a", now_);
  EXPECT_EQ(seen(), Texts{"disconnected a 1 " + std::string(to_string(End::Replaced))})
      << "it has not left: it goes on there";
  nodes_.displace({"peerjs", "b", b_.peer()->registration}, now_);
  EXPECT_EQ(seen(),
            (Texts{"disconnected b 2 " + std::string(to_string(End::Displaced)), "left b 2"}));
}

TEST_F(RelayNodesObserverTest, SeesWhoMayGoOnElsewhereAsTheServerStops) {
  backend_.answer = Backend::Answer::Yes;
  nodes_.attach(a_, {"peerjs", "a", "token"}, {PeerKind::Page}, now_);
  seen();
  nodes_.detach(a_, End::ServerStops, now_);
  EXPECT_EQ(seen(), Texts{"disconnected a 1 server stops"});
}

}  // namespace
}  // namespace peerjsd::core
