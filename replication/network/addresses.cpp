#include "replication/network/addresses.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>

#include "replication/upstream_error.hpp"

namespace tailrace::replication {
namespace {

using std::chrono::steady_clock;

// Between two looks at the cancel token, which must not take our lock.
constexpr std::chrono::milliseconds look_interval(50);

UpstreamError lookup_failed(std::string_view why) {
  return {sqlstate::connection_failure, "",
          fmt::format("failed to lookup address information: {}", why)};
}

// What getaddrinfo said: 0 and the addresses, or its error.
std::pair<int, std::vector<std::string>> ask(const std::string& host, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  std::vector<std::string> addresses;
  if (failed != 0) return {failed, addresses};
  for (const addrinfo* one = found; one; one = one->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, nullptr, 0,
                      NI_NUMERICHOST) != 0) {
      continue;
    }
    if (std::find(addresses.begin(), addresses.end(), text) == addresses.end())
      addresses.emplace_back(text);
  }
  ::freeaddrinfo(found);
  return {addresses.empty() ? EAI_NONAME : 0, std::move(addresses)};
}

// getaddrinfo cannot be interrupted: a thread of its own waits for it, and may outlive who asked.
struct Lookup {
  std::mutex mutex;
  std::condition_variable changed;
  bool answered = false;
  std::pair<int, std::vector<std::string>> answer;
};

std::pair<int, std::vector<std::string>> ask_resolver(const std::string& host,
                                                      steady_clock::time_point deadline,
                                                      CancelToken& cancel) {
  const auto lookup = std::make_shared<Lookup>();
  std::thread([lookup, host] {
    auto answer = ask(host, 0);
    const std::lock_guard lock(lookup->mutex);
    lookup->answer = std::move(answer);
    lookup->answered = true;
    lookup->changed.notify_all();
  }).detach();
  std::unique_lock lock(lookup->mutex);
  while (!lookup->answered) {
    cancel.check();
    if (steady_clock::now() >= deadline) throw lookup_failed("the resolver does not answer");
    lookup->changed.wait_for(lock, look_interval);
  }
  return std::move(lookup->answer);
}

struct Network {
  std::array<std::uint8_t, 4> address;
  int bits;
};

constexpr Network private_networks[] = {
    {{0, 0, 0, 0}, 8},       // unspecified
    {{10, 0, 0, 0}, 8},      // RFC 1918
    {{100, 64, 0, 0}, 10},   // carrier-grade NAT
    {{127, 0, 0, 0}, 8},     // loopback
    {{169, 254, 0, 0}, 16},  // link-local
    {{172, 16, 0, 0}, 12},   // RFC 1918
    {{192, 168, 0, 0}, 16},  // RFC 1918
    {{224, 0, 0, 0}, 4},     // multicast
    {{240, 0, 0, 0}, 4},     // reserved, and broadcast
};

bool is_private_v4(const unsigned char* bytes) {
  const auto number = [](const auto& four) {
    return std::uint32_t{four[0]} << 24 | std::uint32_t{four[1]} << 16 |
           std::uint32_t{four[2]} << 8 | std::uint32_t{four[3]};
  };
  const std::uint32_t address = number(bytes);
  return std::any_of(std::begin(private_networks), std::end(private_networks),
                     [&](const Network& network) {
                       const std::uint32_t mask = ~std::uint32_t{0} << (32 - network.bits);
                       return (address & mask) == number(network.address);
                     });
}

bool is_private_v6(const unsigned char* bytes) {
  const auto starts_with = [&](std::initializer_list<unsigned char> prefix) {
    return std::equal(prefix.begin(), prefix.end(), bytes);
  };
  if ((bytes[0] & 0xfe) == 0xfc) return true;                      // unique-local
  if (bytes[0] == 0xfe && (bytes[1] & 0x80) == 0x80) return true;  // link-local, site-local
  if (bytes[0] == 0xff) return true;                               // multicast
  if (starts_with({0, 0x64, 0xff, 0x9b})) return is_private_v4(bytes + 12);  // NAT64
  if (starts_with({0x20, 0x02})) return is_private_v4(bytes + 2);            // 6to4
  // ::, ::1, and IPv4 addresses as IPv6 ones.
  const bool low = std::all_of(bytes, bytes + 10, [](unsigned char byte) { return byte == 0; });
  const bool mapped = bytes[10] == 0xff && bytes[11] == 0xff;
  const bool compatible = bytes[10] == 0 && bytes[11] == 0;
  return low && (mapped || compatible) && is_private_v4(bytes + 12);
}

}  // namespace

bool is_private_address(const std::string& address) {
  unsigned char bytes[16];
  if (::inet_pton(AF_INET, address.c_str(), bytes) == 1) return is_private_v4(bytes);
  const std::string without_scope = address.substr(0, address.find('%'));
  if (::inet_pton(AF_INET6, without_scope.c_str(), bytes) == 1) return is_private_v6(bytes);
  return true;
}

std::vector<std::string> find_addresses(const std::string& host, const NetworkRules& rules,
                                        steady_clock::time_point deadline, CancelToken& cancel) {
  cancel.check();
  std::vector<std::string> addresses;
  const auto known =
      rules.known_hosts ? rules.known_hosts->find(host) : KnownHosts::const_iterator();
  if (rules.known_hosts && known != rules.known_hosts->end()) {
    addresses = known->second;
  } else {
    // All the ways in which an address can be written, 0x7f.1 too, need no resolver.
    auto answer = ask(host, AI_NUMERICHOST);
    if (answer.first != 0) answer = ask_resolver(host, deadline, cancel);
    if (answer.first != 0) throw lookup_failed(::gai_strerror(answer.first));
    addresses = std::move(answer.second);
  }
  if (rules.external_only && std::any_of(addresses.begin(), addresses.end(), is_private_address)) {
    throw UpstreamError(sqlstate::connection_failure, "", "Address resolved to a private IP");
  }
  return addresses;
}

steady_clock::time_point share_of(steady_clock::time_point deadline, std::size_t left) {
  const auto now = steady_clock::now();
  if (left <= 1 || deadline <= now) return deadline;
  return now + (deadline - now) / static_cast<steady_clock::rep>(left);
}

}  // namespace tailrace::replication
