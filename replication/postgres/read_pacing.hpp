// When to leave a stream alone for a while, although more of it will come.
//
// A walsender gives its kernel each message on its own. While the receiver's window is open each becomes a packet, and a
// wake-up of whoever waits for it: several times the cost of decoding it. While the window is closed they gather in the
// sender's buffer and travel together. So a reader that has read all there is from a sender that lags behind its own log
// naps until about a megabyte more must have gathered; it never adds more than a quarter to the lag.
//
// Knows no clock and no socket. Not for several threads.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tailrace::replication {

class ReadPacing {
 public:
  using Clock = std::chrono::steady_clock;

  explicit ReadPacing(Clock::time_point now) : waited_at_(now), drained_at_(now) {}

  // The sender holds back what the window has no room for: the peer is on this machine and its buffers are large. Else
  // naps are short, for a window across a network is there to be kept open.
  void let_sender_gather() { sender_gathers_ = true; }

  // A message that upstream sent at `sent_at`, in microseconds of its own clock (as `transaction_committed`).
  void received(std::size_t bytes, std::int64_t sent_at) {
    bytes_ += bytes;
    sent_at_ = sent_at;
  }
  void transaction_committed(std::int64_t committed_at) { committed_at_ = committed_at; }

  // What was read last had been committed well before it was sent: there is more to come.
  bool is_behind() const;

  // All that has arrived is read: for how long not to look for more. 0: wait for it.
  Clock::duration nap(Clock::time_point now);
  // The wait that followed is over.
  void waited(Clock::time_point now) { waited_at_ = now; }

 private:
  std::chrono::microseconds lag() const {
    return std::chrono::microseconds(sent_at_ - committed_at_);
  }

  bool sender_gathers_ = false;
  std::size_t bytes_ = 0;  // since `drained_at_`
  std::int64_t sent_at_ = 0;
  std::int64_t committed_at_ = 0;
  Clock::time_point waited_at_;
  Clock::time_point drained_at_;
  int busy_waits_ = 0;
  bool was_behind_ = false;
};

}  // namespace tailrace::replication
