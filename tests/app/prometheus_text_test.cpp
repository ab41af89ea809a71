#include "peerjsd/app/prometheus_text.hpp"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace peerjsd::app {
namespace {

TEST(PrometheusText, WritesSamplesUnderTheirMetric) {
  PrometheusText out;
  out.gauge("peers", "How many.");
  out.sample(3);
  out.counter("messages_total", "All.");
  out.sample(1e9, {{"type", "OFFER"}, {"result", "ok"}});
  EXPECT_EQ(out.text(),
            "# HELP peers How many.\n"
            "# TYPE peers gauge\n"
            "peers 3\n"
            "# HELP messages_total All.\n"
            "# TYPE messages_total counter\n"
            "messages_total{type=\"OFFER\",result=\"ok\"} 1000000000\n");
}

TEST(PrometheusText, EscapesLabels) {
  PrometheusText out;
  out.gauge("peers", "How many.");
  out.sample(0.5, {{"key", "a\"b\\c\nd"}});
  EXPECT_TRUE(out.text().ends_with("peers{key=\"a\\\"b\\\\c\\nd\"} 0.5\n")) << out.text();
}

TEST(PrometheusText, WritesAHistogramInSeconds) {
  net::Histogram histogram;
  histogram.add(std::chrono::microseconds(30), 2);
  histogram.add(std::chrono::seconds(2));
  PrometheusText out;
  out.histogram("lag_seconds", "Late.", histogram);
  EXPECT_TRUE(
      out.text().starts_with("# HELP lag_seconds Late.\n"
                             "# TYPE lag_seconds histogram\n"
                             "lag_seconds_bucket{le=\"2.5e-05\"} 0\n"
                             "lag_seconds_bucket{le=\"5e-05\"} 2\n"))
      << out.text();
  EXPECT_TRUE(
      out.text().ends_with("lag_seconds_bucket{le=\"1\"} 2\n"
                           "lag_seconds_bucket{le=\"+Inf\"} 3\n"
                           "lag_seconds_sum 2.00006\n"
                           "lag_seconds_count 3\n"))
      << out.text();
}

}  // namespace
}  // namespace peerjsd::app
