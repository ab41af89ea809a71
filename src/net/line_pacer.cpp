#include "peerjsd/net/line_pacer.hpp"

#include <algorithm>
#include <utility>

namespace peerjsd::net {
namespace {

// Enough for a page that is busy for some seconds.
constexpr unsigned kFewestFillers = 8;
constexpr unsigned kMostFillers = 64;
constexpr unsigned kMostOwed = 16;    // nobody shall wait for longer
constexpr unsigned kLongestGap = 12;  // paces: about a second
constexpr unsigned kSlowness = 3;     // paces that a slow page takes for a line, catching up

std::string one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(
      line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return line;
}

}  // namespace

void LinePacer::push(std::string_view text) {
  lines_.push_back(one_line(text));
  bytes_ += text.size();
}

std::optional<std::string> LinePacer::next() {
  if (lines_.empty()) return next_filler();
  ++written_;
  std::string line = std::move(lines_.front());
  lines_.erase(lines_.begin());
  bytes_ -= line.size();
  if (reader_is_page_) {
    fillers_ = std::clamp(fillers_ + 1, kFewestFillers, kMostFillers);
    ++unread_;
    last_line_ = written_;
  }
  filler_gap_ = 1;
  paces_ = 0;
  return line;
}

std::optional<std::string> LinePacer::next_filler() {
  if (is_catching_up()) return filler_to_catch_up();
  if (fillers_ == 0 || ++paces_ < filler_gap_) return std::nullopt;
  ++written_;
  if (--fillers_ == 0) unread_ = 0;
  const bool comes_alone = filler_gap_ > 1;  // so it makes an event of its own
  if (comes_alone && unread_ > 0) --unread_;
  if (!settling_) filler_gap_ = std::min(2 * filler_gap_, kLongestGap);
  paces_ = 0;
  return std::string(kFiller);
}

void LinePacer::keep_alive() {
  if (!is_idle()) return;
  fillers_ = 1;
  filler_gap_ = 1;
}

void LinePacer::catch_up() {
  if (!is_catching_up() && last_line_ > 0) written_before_ = written_;
}

std::string LinePacer::filler_to_catch_up() {
  ++written_;
  if (left_to_read() == 0) {
    written_before_.reset();
    last_line_ = unread_ = fillers_ = 0;
  }
  return std::string(kFiller);
}

/// In paces. What is written while the reader catches up has one line or filler read, if each makes
/// an event of its own; on a slow page not each does.
unsigned LinePacer::left_to_read() const {
  const unsigned needed = kSlowness * last_line_;
  return needed - std::min(written_ - *written_before_, needed);
}

/// Of the lines that one event has brought, that event has one read.
void LinePacer::settle() {
  settling_ = true;
  fillers_ = owed();
  written_before_.reset();
  filler_gap_ = 1;
  paces_ = 0;
}

unsigned LinePacer::owed() const {
  if (is_catching_up()) return std::min(left_to_read(), kMostOwed);
  return unread_ == 0 ? 0 : std::min(unread_ - 1, kMostOwed);
}

std::vector<std::string> LinePacer::take() {
  bytes_ = 0;
  return std::exchange(lines_, {});
}

}  // namespace peerjsd::net
