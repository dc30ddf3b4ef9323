// Slows down who guesses passwords, by the address they come from.
//
// The first failures of an address cost nothing; after that its attempts, however many at once, have their turns one
// after the other, further apart with each failure. A success, or a while without attempts, ends it. Thread-safe.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace tailrace::server {

class LoginLimiter {
 public:
  using Clock = std::chrono::steady_clock;

  // When the next attempt from the address may be looked at: its turn, which is taken with this. Nothing: so many have
  // theirs before that it is not worth waiting.
  std::optional<Clock::time_point> take_turn(const std::string& address, Clock::time_point now);
  void failed(const std::string& address, Clock::time_point now);
  void succeeded(const std::string& address);

 private:
  struct Record {
    int failures = 0;
    Clock::time_point last;  // attempt
    Clock::time_point next;  // turn
  };
  void forget_old(Clock::time_point now);

  std::mutex mutex_;
  std::map<std::string, Record> records_;  // by network
};

}  // namespace tailrace::server
