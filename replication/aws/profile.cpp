#include "replication/aws/profile.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "repr/error.hpp"

namespace tailrace::replication::aws {

namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// The path that a variable names, else one in the home directory; empty: there is no home.
std::string shared_file(const Variables& variables, const std::string& variable,
                        std::string_view name) {
  if (const auto path = variables(variable)) return *path;
  const auto home = variables("HOME");
  return home ? fmt::format("{}/.aws/{}", *home, name) : std::string();
}

std::string read_file(const std::string& path) {
  std::error_code missing;
  if (path.empty() || !std::filesystem::exists(path, missing)) return {};
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file) throw SqlError(sqlstate::io_error, fmt::format("cannot read \"{}\"", path));
  return text;
}

}  // namespace

const std::string* Profile::find(const std::string& setting) const {
  const auto found = settings.find(setting);
  return found == settings.end() || found->second.empty() ? nullptr : &found->second;
}

std::optional<std::map<std::string, std::string>> profile_section(std::string_view text,
                                                                  std::string_view profile) {
  std::optional<std::map<std::string, std::string>> settings;
  bool inside = false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view raw = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::string_view line = trimmed(raw);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[' && line.find(']') != std::string_view::npos) {
      std::string_view name = trimmed(line.substr(1, line.find(']') - 1));
      if (name.starts_with("profile ")) name = trimmed(name.substr(8));
      inside = name == profile;
      if (inside && !settings) settings.emplace();
      continue;
    }
    const std::size_t equals = line.find('=');
    // Indented lines belong to a nested setting ("s3 =" and what follows); none of those matters here.
    if (!inside || equals == std::string_view::npos || raw.front() == ' ' || raw.front() == '\t')
      continue;
    settings->insert_or_assign(std::string(trimmed(line.substr(0, equals))),
                               std::string(trimmed(line.substr(equals + 1))));
  }
  return settings;
}

std::optional<Profile> read_profile(const Variables& variables) {
  const auto chosen = variables("AWS_PROFILE");
  Profile profile{.name = chosen.value_or("default")};
  bool found = false;
  // The credentials file comes last, so that it wins.
  for (const auto& [variable, name] : {std::pair("AWS_CONFIG_FILE", "config"),
                                       std::pair("AWS_SHARED_CREDENTIALS_FILE", "credentials")}) {
    std::string text = read_file(shared_file(variables, variable, name));
    const auto section = profile_section(text, profile.name);
    OPENSSL_cleanse(text.data(), text.size());
    if (!section) continue;
    found = true;
    for (const auto& [setting, value] : *section) profile.settings.insert_or_assign(setting, value);
  }
  if (!found && chosen) {
    throw SqlError(sqlstate::invalid_authorization,
                   fmt::format("the AWS profile \"{}\" does not exist", *chosen))
        .hint("AWS_PROFILE names it; write it to ~/.aws/credentials or ~/.aws/config.");
  }
  return found ? std::optional(std::move(profile)) : std::nullopt;
}

}  // namespace tailrace::replication::aws
