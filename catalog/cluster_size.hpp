// The sizes that a cluster can have: names of the dialect, and what they mean on one machine
// (worker threads).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::catalog {

struct ClusterSize {
  std::string_view name;
  std::uint64_t workers;
  std::uint64_t cpu_nano_cores;
  std::uint64_t memory_bytes;
  std::string_view credits_per_hour;
};

const std::vector<ClusterSize>& cluster_sizes();
// nullptr: there is none of that name.
const ClusterSize* find_cluster_size(std::string_view name);

}  // namespace tailrace::catalog
