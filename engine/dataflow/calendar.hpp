// Updates that wait for their time. They cost nothing until they are due, however many there are.
//
// Kept unsorted in days: spans of time that are the longer the further away they lie (as in a
// timing wheel). A span that comes due is dealt out to shorter ones, so each update is moved O(log
// of its distance) times in all.
#pragma once

#include <map>
#include <vector>

#include "repr/batch.hpp"

namespace tailrace::engine {

class Calendar {
 public:
  // Keeps the updates at or after `from`; returns the others.
  Batch keep_from(Timestamp from, const Batch& updates);
  // Removes and returns the updates before `until`.
  std::vector<Batch> take_before(Timestamp until);
  // No update lies before this time; timestamp_max: there are none.
  Timestamp next() const { return spans_.empty() ? timestamp_max : spans_.begin()->first; }
  std::size_t size() const { return size_; }
  std::size_t memory_bytes() const { return bytes_; }

 private:
  struct Span {
    Timestamp end = 0;
    std::vector<Batch> updates;
  };
  void deal_out(Timestamp now, const Batch& updates);
  void tidy(Span& span);

  std::map<Timestamp, Span> spans_;  // by first time; they do not overlap
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace tailrace::engine
