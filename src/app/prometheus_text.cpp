#include "peerjsd/app/prometheus_text.hpp"

#include <chrono>

#include <spdlog/fmt/fmt.h>

namespace peerjsd::app {
namespace {

double seconds(net::Histogram::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string escaped(std::string_view value) {
  std::string result;
  for (const char c : value) {
    if (c == '\n') {
      result += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

}  // namespace

void PrometheusText::begin(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void PrometheusText::sample(double value, Labels labels) {
  line(name_, labels, value);
}

void PrometheusText::histogram(std::string_view name, std::string_view help,
                               const net::Histogram& histogram) {
  begin(name, "histogram", help);
  const std::string bucket = name_ + "_bucket";
  for (std::size_t i = 0; i < net::Histogram::kBounds.size(); ++i) {
    const std::string bound = fmt::format("{}", seconds(net::Histogram::kBounds[i]));
    line(bucket, {{"le", bound}}, static_cast<double>(histogram.up_to(i)));
  }
  line(bucket, {{"le", "+Inf"}}, static_cast<double>(histogram.count()));
  line(name_ + "_sum", {}, seconds(histogram.sum()));
  line(name_ + "_count", {}, static_cast<double>(histogram.count()));
}

void PrometheusText::line(std::string_view name, Labels labels, double value) {
  text_ += name;
  char before = '{';
  for (const auto& [label, of] : labels) {
    text_ += fmt::format("{}{}=\"{}\"", before, label, escaped(of));
    before = ',';
  }
  text_ += fmt::format("{} {}\n", labels.size() == 0 ? "" : "}", value);
}

}  // namespace peerjsd::app
