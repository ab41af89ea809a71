#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace peerjsd::net {

/// The lines of an XHR stream in the order in which they are to be written, one a pace. No I/O and
/// no clock of its own.
///
/// Its reader takes one line per progress event. While a page is busy, several lines make one event
/// all the same; those left unread are read at later events. So that there are some, a page gets
/// fillers after its last line, further and further apart.
class LinePacer {
 public:
  /// A line that no client makes anything of. It is not empty: 0.3.x would never get past that.
  static constexpr std::string_view kFiller = " ";

  explicit LinePacer(bool reader_is_page) : reader_is_page_(reader_is_page) {}

  /// `text`: JSON. Its line breaks, which can only stand between tokens, become blanks.
  void push(std::string_view text);

  /// Lines that wait, and their bytes.
  std::size_t lines() const { return lines_.size(); }
  std::size_t bytes() const { return bytes_; }

  /// What to write at this pace, without its line break; nothing at some.
  std::optional<std::string> next();

  /// Nothing will come of next() until something is pushed.
  bool is_idle() const { return lines_.empty() && fillers_ == 0 && !is_catching_up(); }

  /// Lets a filler come, if nothing else will.
  void keep_alive();

  /// Its reader shows that it is not busy any more; of what it was sent it may have read nothing.
  /// Until a slow page must have read all of it, a filler comes at each pace at which there is no
  /// line.
  void catch_up();
  bool is_catching_up() const { return written_before_.has_value(); }

  /// The reader will be left with what it has got: from now on only the fillers that it may need to
  /// read it, one each pace, and not for long. take() comes before.
  void settle();

  /// How many fillers that will be.
  unsigned owed() const;

  /// The lines that wait.
  std::vector<std::string> take();

 private:
  std::optional<std::string> next_filler();
  std::string filler_to_catch_up();
  unsigned left_to_read() const;

  const bool reader_is_page_;
  bool settling_ = false;
  std::vector<std::string> lines_;
  std::size_t bytes_ = 0;
  unsigned written_ = 0;    // lines and fillers
  unsigned last_line_ = 0;  // how many those were when the last line had been written
  std::optional<unsigned> written_before_;  // how many, when catching up began
  unsigned unread_ = 0;      // at most so many lines, of those written since it was last idle
  unsigned fillers_ = 0;     // still to come
  unsigned filler_gap_ = 1;  // before the next one, in paces
  unsigned paces_ = 0;       // since the last line or filler
};

}  // namespace peerjsd::net
