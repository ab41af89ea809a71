#include "peerjsd/net/incidents.hpp"

#include <chrono>
#include <memory>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

namespace peerjsd::net {
namespace {

using namespace std::chrono_literals;

class IncidentsTest : public ::testing::Test {
 protected:
  IncidentsTest() : before_(spdlog::default_logger()) {
    auto logger = std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_st>(log_));
    logger->set_pattern("%l %v");
    spdlog::set_default_logger(logger);
  }
  ~IncidentsTest() override { spdlog::set_default_logger(before_); }

  std::ostringstream log_;
  std::shared_ptr<spdlog::logger> before_;
  Incidents incidents_;
};

TEST_F(IncidentsTest, AreLoggedAndCounted) {
  EXPECT_EQ(incidents_.summary(), "");
  incidents_.report(Incident::HttpRefused, "{} ({})", "Bad request", "192.0.2.1");
  EXPECT_EQ(log_.str(), "warning HTTP request refused: Bad request (192.0.2.1)\n");
  incidents_.add(Incident::Flood);
  incidents_.add(Incident::Flood);
  EXPECT_EQ(incidents_.total(Incident::HttpRefused), 1U);
  EXPECT_EQ(incidents_.total(Incident::Flood), 2U);
  EXPECT_EQ(incidents_.summary(), "HTTP request refused 1, Client floods 2");
}

TEST_F(IncidentsTest, DoNotFillTheLog) {
  core::Instant now{1h};
  incidents_.expire(now);
  for (int i = 0; i < 1000; ++i) incidents_.report(Incident::TlsFailed, "{}", i);
  incidents_.report(Incident::HttpRefused, "another kind");
  std::string text = log_.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), Incidents::kMostLines + 1);
  EXPECT_NE(text.find("another kind"), text.npos);
  incidents_.expire(now + 999ms);
  EXPECT_EQ(log_.str(), text);
  incidents_.expire(now + 1s);
  EXPECT_EQ(log_.str().substr(text.size()), "warning TLS failed: 980 more in a second\n");
  text = log_.str();
  incidents_.report(Incident::TlsFailed, "once more");
  EXPECT_EQ(log_.str().substr(text.size()), "warning TLS failed: once more\n");
  EXPECT_EQ(incidents_.total(Incident::TlsFailed), 1001U);
}

}  // namespace
}  // namespace peerjsd::net
