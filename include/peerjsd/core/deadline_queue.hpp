#pragma once

#include "peerjsd/core/time.hpp"

#include <cstddef>

namespace peerjsd::core {

/// The link by which an object stands in a DeadlineQueue. An object derives from it once per kind
/// of deadline (`Tag`), stands in at most one queue of that kind, and leaves it when destroyed.
template <class Tag>
class Deadline {
 public:
  Deadline() = default;
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  ~Deadline() { unlink(); }

 private:
  template <class, class>
  friend class DeadlineQueue;

  bool linked() const { return next_ != this; }

  void unlink() {
    prev_->next_ = next_;
    next_->prev_ = prev_;
    prev_ = next_ = this;
  }

  Deadline* prev_ = this;
  Deadline* next_ = this;
  Instant since_{};
};

/// Objects that all wait equally long, oldest first. Because the delay is one for the whole queue,
/// leaving and finding what is due are O(1), as is pushing what begins to wait now; and a tick
/// costs what is due, not what exists. Objects are not owned.
template <class T, class Tag>
class DeadlineQueue {
 public:
  bool empty() const { return !head_.linked(); }

  T* front() { return empty() ? nullptr : static_cast<T*>(head_.next_); }

  /// The oldest of which `is_wanted` is true; nullptr: there is none. Costs what exists.
  template <class Predicate>
  T* find_if(Predicate is_wanted) {
    for (Deadline<Tag>* link = head_.next_; link != &head_; link = link->next_) {
      T* const object = static_cast<T*>(link);
      if (is_wanted(*object)) return object;
    }
    return nullptr;
  }

  /// Whether there are as many as `count` of which `is_wanted` is true. Costs what it takes to find
  /// them.
  template <class Predicate>
  bool has(std::size_t count, Predicate is_wanted) const {
    const Deadline<Tag>* link = head_.next_;
    for (; count > 0 && link != &head_; link = link->next_) {
      if (is_wanted(*static_cast<const T*>(link))) --count;
    }
    return count == 0;
  }

  static bool contains(const T& object) { return link_of(object).linked(); }

  static void remove(T& object) { link_of(object).unlink(); }

  void clear() {
    while (T* const oldest = front()) remove(*oldest);
  }

  /// Since when the object waits.
  static Instant since(const T& object) { return link_of(object).since_; }

  /// Puts `object` behind all that have waited for as long, taking it out of where it stood. Costs
  /// as much as there are that wait for less.
  void push(T& object, Instant since) {
    Deadline<Tag>& link = link_of(object);
    link.unlink();
    link.since_ = since;
    Deadline<Tag>* before = head_.prev_;
    while (before != &head_ && before->since_ > since) before = before->prev_;
    link.prev_ = before;
    link.next_ = before->next_;
    before->next_->prev_ = &link;
    before->next_ = &link;
  }

  /// Takes out and returns the oldest object if it has waited for `delay`, else nullptr.
  T* pop_due(Instant now, Duration delay) {
    T* const oldest = front();
    if (oldest == nullptr || since(*oldest) + delay > now) return nullptr;
    remove(*oldest);
    return oldest;
  }

 private:
  // An object may wait in queues of several kinds; the tag says which of its links is meant.
  static Deadline<Tag>& link_of(T& object) { return object; }
  static const Deadline<Tag>& link_of(const T& object) { return object; }

  Deadline<Tag> head_;
};

}  // namespace peerjsd::core
