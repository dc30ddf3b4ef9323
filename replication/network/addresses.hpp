// The addresses behind a host's name, and which of them may be dialled.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "repr/cancel.hpp"

namespace tailrace::replication {

// Names that the operator gave addresses, in the order in which they are tried.
using KnownHosts = std::map<std::string, std::vector<std::string>>;

struct NetworkRules {
  std::shared_ptr<const KnownHosts> known_hosts;  // asked before DNS; may be null
  bool external_only = false;                     // addresses of private networks are refused
};

// All addresses of a host, numeric, in the order in which they are to be tried; the caller dials these and looks
// nothing up again. Throws UpstreamError 08006 if there are none, if one is private and none may be, or if the resolver
// has not answered by then; or what `cancel` says.
std::vector<std::string> find_addresses(const std::string& host, const NetworkRules& rules,
                                        std::chrono::steady_clock::time_point deadline,
                                        CancelToken& cancel);

// Whether a numeric address is one that no public network routes: loopback, private, link-local, unspecified,
// multicast, carrier-grade NAT, or IPv6 with one of these inside. What is no address counts as private.
bool is_private_address(const std::string& address);

// Until when the next of `left` addresses may be tried: each gets an equal share of the time that is left, so that one
// that never answers does not use up that of the others.
std::chrono::steady_clock::time_point share_of(std::chrono::steady_clock::time_point deadline,
                                               std::size_t left);

}  // namespace tailrace::replication
