#include "catalog/cluster_size.hpp"

namespace tailrace::catalog {

const std::vector<ClusterSize>& cluster_sizes() {
  constexpr std::uint64_t gibibyte = std::uint64_t{1} << 30;
  constexpr std::uint64_t core = 1'000'000'000;
  // One worker up to 100cc, then one for each further 100cc.
  static const std::vector<ClusterSize> sizes = {
      {"25cc", 1, core / 2, 4 * gibibyte, "0.25"},
      {"50cc", 1, core, 8 * gibibyte, "0.5"},
      {"100cc", 1, 2 * core, 16 * gibibyte, "1"},
      {"200cc", 2, 4 * core, 32 * gibibyte, "2"},
      {"300cc", 3, 6 * core, 48 * gibibyte, "3"},
      {"400cc", 4, 8 * core, 64 * gibibyte, "4"},
      {"600cc", 6, 12 * core, 96 * gibibyte, "6"},
      {"800cc", 8, 16 * core, 128 * gibibyte, "8"},
      {"1200cc", 12, 24 * core, 192 * gibibyte, "12"},
      {"1600cc", 16, 31 * core, 256 * gibibyte, "16"},
      {"3200cc", 32, 62 * core, 512 * gibibyte, "32"},
  };
  return sizes;
}

const ClusterSize* find_cluster_size(std::string_view name) {
  for (const ClusterSize& size : cluster_sizes()) {
    if (size.name == name) return &size;
  }
  return nullptr;
}

}  // namespace tailrace::catalog
