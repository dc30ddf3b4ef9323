#include "server/login_limiter.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace tailrace::server {

namespace {

using std::chrono::milliseconds;

constexpr int free_failures = 5;
constexpr milliseconds first_distance(100);
constexpr milliseconds longest_distance(5000);
constexpr milliseconds longest_wait(10'000);
constexpr std::chrono::minutes memory(5);
// More addresses are not kept at a time: the oldest are forgotten.
constexpr std::size_t records_max = 10'000;

milliseconds distance(int failures) {
  const int doublings = std::min(failures - free_failures, 10);
  return std::min(first_distance * (1 << std::max(doublings, 0)), longest_distance);
}

// Of IPv6 one subscriber has at least 64 bits to choose from.
std::string network_of(const std::string& address) {
  in6_addr bytes{};
  if (inet_pton(AF_INET6, address.c_str(), &bytes) != 1) return address;
  if (IN6_IS_ADDR_V4MAPPED(&bytes)) return address;
  return {reinterpret_cast<const char*>(bytes.s6_addr), 8};
}

}  // namespace

std::optional<LoginLimiter::Clock::time_point> LoginLimiter::take_turn(const std::string& address,
                                                                       Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(network_of(address));
  if (found == records_.end()) return now;
  Record& record = found->second;
  if (now - record.last > memory) {
    records_.erase(found);
    return now;
  }
  if (record.failures < free_failures) return now;
  const Clock::time_point turn = std::max(now, record.next);
  if (turn - now > longest_wait) return std::nullopt;
  record.last = now;
  record.next = turn + distance(record.failures);
  return turn;
}

void LoginLimiter::failed(const std::string& address, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (records_.size() >= records_max) forget_old(now);
  Record& record = records_[network_of(address)];
  if (now - record.last > memory) record = {};
  ++record.failures;
  record.last = now;
  if (record.failures >= free_failures)
    record.next = std::max(record.next, now + distance(record.failures));
}

void LoginLimiter::succeeded(const std::string& address) {
  const std::lock_guard lock(mutex_);
  records_.erase(network_of(address));
}

void LoginLimiter::forget_old(Clock::time_point now) {
  std::erase_if(records_, [&](const auto& entry) { return now - entry.second.last > memory; });
  while (records_.size() >= records_max) {
    records_.erase(std::min_element(records_.begin(), records_.end(), [](auto& a, auto& b) {
      return a.second.last < b.second.last;
    }));
  }
}

}  // namespace tailrace::server
