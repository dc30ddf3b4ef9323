#include "server/log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <string>

namespace tailrace::server {

namespace {

spdlog::level::level_enum level_of(std::string_view level) {
  if (level == "warning") return spdlog::level::warn;
  return spdlog::level::from_str(std::string(level));
}

}  // namespace

void start_log(std::string_view level) {
  auto logger = spdlog::stderr_color_mt("tailrace");
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v", spdlog::pattern_time_type::utc);
  logger->set_level(level_of(level));
  spdlog::set_default_logger(std::move(logger));
}

void log(std::string_view level, std::string_view message) {
  spdlog::log(level_of(level), "{}", message);
}

}  // namespace tailrace::server
