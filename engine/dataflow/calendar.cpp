#include "engine/dataflow/calendar.hpp"

#include <algorithm>
#include <bit>

#include "repr/order.hpp"

namespace tailrace::engine {

namespace {

// The aligned span of time around `time` whose length fits its distance from now: at least 64 ms,
// at most half of the distance.
std::pair<Timestamp, Timestamp> span_around(Timestamp time, Timestamp now) {
  const Timestamp distance = time - now;
  const int bits = std::max(6, static_cast<int>(std::bit_width(distance)) - 2);
  const Timestamp length = Timestamp(1) << bits;
  const Timestamp first = time & ~(length - 1);
  return {std::max(first, now), first > timestamp_max - length ? timestamp_max : first + length};
}

}  // namespace

Batch Calendar::keep_from(Timestamp from, const Batch& updates) {
  if (updates.empty()) return updates;
  std::vector<std::uint32_t> due, waiting;
  for (std::uint32_t row = 0; row < updates.rows; ++row) {
    (updates.times[row] < from ? due : waiting).push_back(row);
  }
  if (waiting.empty()) return updates;
  deal_out(from, due.empty() ? updates : gather(updates, waiting));
  return gather(updates, due);
}

void Calendar::deal_out(Timestamp now, const Batch& updates) {
  std::map<Timestamp, std::vector<std::uint32_t>> parts;  // by first time of the span
  for (std::uint32_t row = 0; row < updates.rows; ++row) {
    const Timestamp time = updates.times[row];
    auto place = spans_.upper_bound(time);
    if (place != spans_.begin() && std::prev(place)->second.end > time) {
      parts[std::prev(place)->first].push_back(row);
      continue;
    }
    auto [first, end] = span_around(time, now);
    // Spans do not overlap: shorten this one to the gap it stands in.
    if (place != spans_.end()) end = std::min(end, place->first);
    if (place != spans_.begin()) first = std::max(first, std::prev(place)->second.end);
    spans_[first].end = end;
    parts[first].push_back(row);
  }
  for (auto& [first, rows] : parts) {
    Span& span = spans_[first];
    Batch part = rows.size() == updates.rows ? updates : gather(updates, rows);
    size_ += part.rows;
    bytes_ += part.memory_bytes();
    span.updates.push_back(std::move(part));
    if (span.updates.size() >= 64) tidy(span);
  }
}

// Many small batches become one, in which what was taken back is gone.
void Calendar::tidy(Span& span) {
  for (const Batch& batch : span.updates) size_ -= batch.rows, bytes_ -= batch.memory_bytes();
  Batch merged = consolidate(concatenate(span.updates));
  size_ += merged.rows;
  bytes_ += merged.memory_bytes();
  span.updates.clear();
  if (!merged.empty()) span.updates.push_back(std::move(merged));
}

std::vector<Batch> Calendar::take_before(Timestamp until) {
  std::vector<Batch> due;
  while (!spans_.empty() && spans_.begin()->first < until) {
    Span span = std::move(spans_.begin()->second);
    spans_.erase(spans_.begin());
    for (const Batch& batch : span.updates) size_ -= batch.rows, bytes_ -= batch.memory_bytes();
    if (span.updates.empty()) continue;
    const Batch all = concatenate(span.updates);
    Batch now = span.end <= until ? all : keep_from(until, all);
    if (!now.empty()) due.push_back(std::move(now));
  }
  return due;
}

}  // namespace tailrace::engine
