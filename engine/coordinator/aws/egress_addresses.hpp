// The addresses from which this host reaches others.
#pragma once

#include <string>
#include <vector>

namespace tailrace::engine {

// The operator's announcement: an address, or a network in CIDR form ("203.0.113.0/24").
struct EgressAddress {
  std::string address;  // canonical; of a network its first
  int prefix_length = 32;

  std::string cidr() const;
};
// Throws SqlError 22023 that names the text.
EgressAddress parse_egress_address(const std::string& text);

// The source addresses that the kernel chooses for the way out, one of each family that has one. Sends nothing. Empty
// on a host without a way out.
std::vector<EgressAddress> own_egress_addresses();

}  // namespace tailrace::engine
