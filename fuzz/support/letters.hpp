#pragma once

#include "peerjsd/core/peer.hpp"
#include "support/require.hpp"

#include <charconv>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace peerjsd::fuzz {

/// Every message from a client has a number of its own for a payload. Whoever reads it is the one
/// it was for, and reads what one other has sent it in that order, once.
class Letters {
 public:
  /// The number of the next one.
  std::string next() const { return std::to_string(letters_.size()); }

  /// It was sent under that key, to that id.
  void send(std::string_view key, std::string_view dst) { letters_.emplace_back(key, dst); }

  void check(const core::Peer& reader, std::string_view key, std::string_view text) {
    const std::string_view mark = R"(,"payload":)";
    const std::size_t at = text.find(mark);
    if (at == text.npos) return;
    std::size_t number = letters_.size();
    std::from_chars(text.data() + at + mark.size(), text.data() + text.size(), number);
    require(number < letters_.size(), "somebody has sent it");
    require(letters_[number].first == key && letters_[number].second == reader.id,
            "it is read by the one it was for");
    const std::string_view from_src = text.substr(text.find(R"("src":)"));
    const std::string src(from_src.substr(0, from_src.find(R"(,"dst":)")));
    const auto [last, is_first] = last_.try_emplace({reader.registration, src}, number);
    require(is_first || last->second < number, "it is read once, and in order");
    last->second = number;
  }

 private:
  std::vector<std::pair<std::string, std::string>> letters_;                // key and destination
  std::map<std::pair<core::Registration, std::string>, std::size_t> last_;  // by reader and sender
};

}  // namespace peerjsd::fuzz
