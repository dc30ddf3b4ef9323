// How to reach a bastion and log in there: plain values, no catalog.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "replication/network/addresses.hpp"
#include "replication/ssh/key_pair.hpp"

namespace tailrace::replication::ssh {

// Holds secrets: never logged, never copied into errors.
struct TunnelConfig {
  std::string name;  // of the connection, as SQL writes it: for hints
  std::string host;
  std::uint16_t port = 22;
  std::string user;
  std::vector<PrivateKey> keys;         // in the order in which they are offered
  std::optional<std::string> host_key;  // "ssh-ed25519 AAAA...": what the bastion must show
  bool check_host_key = true;
  std::chrono::milliseconds connect_timeout{30'000};
  // After so long without a word from the bastion it is asked for one; if none comes in `connect_timeout`, it is gone.
  std::chrono::milliseconds keepalive_idle{30'000};
  NetworkRules network;  // for the bastion; what is behind it is none of its business
  // Called once logged in where no host key was known: it is to be the known one. May be empty.
  std::function<void(const std::string& host_key)> learn_host_key;
};

}  // namespace tailrace::replication::ssh
