// What the tests share: a scratch directory, a maxim-dev process, and the lines that reached it.
//
// Needs the built library and server; scripts/test-cpp.sh says where they are in MAXIM_TEST_SERVER and
// where the repository is in MAXIM_TEST_ROOT.
#ifndef MAXIM_TESTS_SUPPORT_HPP
#define MAXIM_TESTS_SUPPORT_HPP

#include <maxim/maxim.hpp>
#include <maxim/nlohmann.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace support {

using nlohmann::json;
using namespace std::chrono_literals;

/// Long enough for a loaded machine; no test waits for it to run out.
inline constexpr maxim::milliseconds patience = 120s;

inline std::string variable(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr) {
        throw std::runtime_error(std::string(name) + " is not set: run scripts/test-cpp.sh");
    }
    return value;
}

/// Of this run alone: what earlier tests left for a server at the same port is not adopted. A child has its parent's.
inline const std::string key = "key-" + std::to_string(getpid()) + "-" +
                               std::to_string(std::chrono::system_clock::now().time_since_epoch().count());

/// A member as text, or as JSON; nothing where it is absent or null.
inline maxim::text text_of(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) {
        return std::nullopt;
    }
    return std::string_view(found->get_ref<const std::string&>());
}

inline std::optional<maxim::json_arg> json_of(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) {
        return std::nullopt;
    }
    return maxim::json_arg(*found);
}

/// Fills members of a configuration from what `given` has by their names: texts, and JSON.
template <class Config>
void take_texts(const json& given, Config& config,
                std::initializer_list<std::pair<const char*, maxim::text Config::*>> members) {
    for (const auto& [name, member] : members) {
        config.*member = text_of(given, name);
    }
}

template <class Config>
void take_json(const json& given, Config& config,
               std::initializer_list<std::pair<const char*, std::optional<maxim::json_arg> Config::*>> members) {
    for (const auto& [name, member] : members) {
        config.*member = json_of(given, name);
    }
}

/// A directory of the test's own, removed at its end.
class scratch {
  public:
    scratch() {
        std::string pattern = (std::filesystem::temp_directory_path() / "maxim-cpp-XXXXXX").string();
        path_ = mkdtemp(pattern.data());
    }
    scratch(const scratch&) = delete;
    scratch& operator=(const scratch&) = delete;
    ~scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] std::string file(std::string_view name) const { return (path_ / name).string(); }

  private:
    std::filesystem::path path_;
};

/// `entity{id=…,action=…,data={…}}`, taken apart.
struct line {
    std::string entity{};
    std::string id{};
    std::string action{};
    json data{};
};

inline line parse_line(const std::string& text) {
    const auto brace = text.find("{id=");
    const auto action = text.find(",action=", brace);
    const auto data = text.find(",data=", action);
    if (brace == std::string::npos || action == std::string::npos || data == std::string::npos) {
        throw std::runtime_error("not a line: " + text);
    }
    return {text.substr(0, brace), text.substr(brace + 4, action - brace - 4),
            text.substr(action + 8, data - action - 8),
            json::parse(text.substr(data + 6, text.size() - data - 7))};
}

/// A running maxim-dev; it ends with this value.
class dev_server {
  public:
    explicit dev_server(const std::vector<std::string>& flags = {}) {
        std::vector<std::string> arguments{variable("MAXIM_TEST_SERVER"), "--port", "0", "--mode", "quiet",
                                           "--exit-when-stdin-closes", "--lines", lines_file(), "--record",
                                           record_file()};
        arguments.insert(arguments.end(), flags.begin(), flags.end());
        std::vector<char*> argv;
        for (auto& argument : arguments) {
            argv.push_back(argument.data());
        }
        argv.push_back(nullptr);

        int in[2];
        int out[2];
        if (pipe(in) != 0 || pipe(out) != 0) {
            throw std::runtime_error("pipe");
        }
        child_ = fork();
        if (child_ == 0) {
            dup2(in[0], 0);
            dup2(out[1], 1);
            for (const int fd : {in[0], in[1], out[0], out[1]}) {
                close(fd);
            }
            execv(argv[0], argv.data());
            _exit(127);
        }
        close(in[0]);
        close(out[1]);
        stdin_ = in[1];
        std::string said;
        for (char c = 0; read(out[0], &c, 1) == 1 && c != '\n';) {
            said += c;
        }
        close(out[0]);
        const auto colon = said.rfind("http://");
        if (colon == std::string::npos) {
            throw std::runtime_error("maxim-dev said: " + said);
        }
        url_ = said.substr(colon);
    }
    dev_server(const dev_server&) = delete;
    dev_server& operator=(const dev_server&) = delete;
    ~dev_server() {
        kill(child_, SIGKILL);
        waitpid(child_, nullptr, 0);
        close(stdin_);
    }

    [[nodiscard]] const std::string& url() const { return url_; }
    [[nodiscard]] std::string file(std::string_view name) const { return scratch_.file(name); }

    /// The log lines and entries accepted since the last call.
    std::vector<std::string> new_lines() { return read_on(lines_file(), lines_read_); }

    /// The same, as Maxim lines.
    std::vector<line> new_maxim_lines() {
        std::vector<line> parsed;
        for (const auto& text : new_lines()) {
            parsed.push_back(parse_line(text));
        }
        return parsed;
    }

    /// The requests since the last call.
    std::vector<json> new_requests() {
        std::vector<json> parsed;
        for (const auto& text : read_on(record_file(), requests_read_)) {
            parsed.push_back(json::parse(text));
        }
        return parsed;
    }

  private:
    [[nodiscard]] std::string lines_file() const { return file("lines"); }
    [[nodiscard]] std::string record_file() const { return file("record"); }

    static std::vector<std::string> read_on(const std::string& path, std::streamoff& position) {
        std::vector<std::string> found;
        std::ifstream stream(path);
        stream.seekg(position);
        for (std::string text; std::getline(stream, text) && !stream.eof();) {
            position += static_cast<std::streamoff>(text.size()) + 1;
            found.push_back(text);
        }
        return found;
    }

    scratch scratch_;
    pid_t child_ = -1;
    int stdin_ = -1;
    std::string url_;
    std::streamoff lines_read_ = 0;
    std::streamoff requests_read_ = 0;
};

/// Counts what the error hook is told.
struct refusals {
    std::vector<maxim::status> codes{};
    std::string last{};

    maxim::error_hook hook() {
        return [this](maxim::status code, std::string_view detail, std::uint64_t) {
            codes.push_back(code);
            last = detail;
        };
    }
};

/// What a logger needs to log to a server; both arguments must outlive it.
inline maxim::logger_config logger_config_for(const maxim::text& url, const maxim::text& spool) {
    maxim::logger_config given;
    given.base_url = url;
    given.api_key = key;
    given.repository_id = "repo-1";
    given.spool_dir = spool;
    return given;
}

/// What a log client needs to log to a server; both arguments must outlive it.
inline maxim::log_client_config client_config_for(const maxim::text& url, const maxim::text& spool) {
    maxim::log_client_config given;
    given.source = "svc";
    given.api_key = key;
    given.endpoint = url;
    given.spool_dir = spool;
    return given;
}

/// A server, and a place for what is logged to it.
class with_server : public ::testing::Test {
  protected:
    /// The same, but strict, and flushing decides when something is sent.
    template <class Config>
    static Config sent_by_flushes(Config given) {
        given.lossy = false;
        given.flush_interval = 1h;
        return given;
    }

    dev_server server;
    std::string spool = server.file("spool");
};

/// A server and what a logger needs to log to it.
class logging : public with_server {
  protected:
    maxim::logger_config config() { return sent_by_flushes(logger_config_for(server.url(), spool)); }
};

/// A server and what a client needs to log to it.
class client_logging : public with_server {
  protected:
    maxim::log_client_config config() {
        auto given = sent_by_flushes(client_config_for(server.url(), spool));
        given.batch_size = 100;
        return given;
    }

    /// The entries accepted since the last call.
    std::vector<json> new_entries() {
        std::vector<json> parsed;
        for (const auto& text : server.new_lines()) {
            parsed.push_back(json::parse(text));
        }
        return parsed;
    }
};

}  // namespace support

#endif  // MAXIM_TESTS_SUPPORT_HPP
