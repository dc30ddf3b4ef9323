#include "server/http/metrics_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <vector>

namespace tailrace::server {

namespace {

using Metric = engine::Environment::Metric;

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

// In help texts a line break ends the comment, so it is escaped.
std::string help_text(const std::string& help) {
  std::string text;
  for (const char c : help) {
    if (c == '\\') {
      text += "\\\\";
    } else if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

std::string metrics_text(std::span<const Metric> metrics) {
  // All samples of a name stand together, under one description.
  std::map<std::string, std::vector<const Metric*>> by_name;
  for (const Metric& metric : metrics) by_name[metric.name].push_back(&metric);
  std::string text;
  for (const auto& [name, samples] : by_name) {
    text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help_text(samples.front()->help),
                        name, samples.front()->is_counter ? "counter" : "gauge");
    for (const Metric* sample : samples) {
      text += fmt::format("{}{} {}\n", name, sample->labels, number_text(sample->value));
    }
  }
  return text;
}

}  // namespace tailrace::server
