// Figures in Prometheus' text format.
#pragma once

#include <span>
#include <string>

#include "engine/coordinator/environment.hpp"

namespace tailrace::server {

std::string metrics_text(std::span<const engine::Environment::Metric> metrics);

}  // namespace tailrace::server
