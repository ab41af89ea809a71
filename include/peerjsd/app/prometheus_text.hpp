#pragma once

#include "peerjsd/net/histogram.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace peerjsd::app {

/// Writes metrics in the text format of Prometheus, version 0.0.4.
class PrometheusText {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  // Each of these begins a metric. Its samples follow.
  void counter(std::string_view name, std::string_view help) { begin(name, "counter", help); }
  void gauge(std::string_view name, std::string_view help) { begin(name, "gauge", help); }

  /// Of the metric that was begun last.
  void sample(double value, Labels labels = {});

  /// The whole metric, in seconds.
  void histogram(std::string_view name, std::string_view help, const net::Histogram& histogram);

  const std::string& text() const { return text_; }

 private:
  void begin(std::string_view name, std::string_view type, std::string_view help);
  void line(std::string_view name, Labels labels, double value);

  std::string name_;
  std::string text_;
};

}  // namespace peerjsd::app
