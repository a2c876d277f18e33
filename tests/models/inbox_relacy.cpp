/* tests/models/inbox_relacy.cpp -- runtime/inbox.c under the relacy model checker.
 *
 * usage: inbox_relacy [--schedules=N] [--mutate=N]
 *
 * The shipped text is included below and compiled against relacy's atomics (runtime/atomic.h). Each
 * of the four scenarios is run under N random schedules, which also choose what a relaxed load may
 * still see, when a weak compare-and-swap fails for nothing, and what the consumer does while it
 * is parked. Relacy reports data races on payload and links, reads of what was never written, and
 * deadlocks: a lost wake is one, because a consumer then sleeps for ever. The scenarios add: every
 * letter arrives once, in the order of its sender; parks and wakes balance; a closed inbox bounces
 * all that it did not return. Schedules are numbered and seeded by their number: a failure repeats.
 *
 * Then the same for each mutation of the file (the table is in inbox.c), in a process of its own,
 * because some crash. A mutation that no scenario finds fails the run like an error of the real
 * one. --mutate=N runs that one alone and prints the history of the schedule that found it.
 *
 * Exit: 0; 1 if the real one fails or a mutation is not found; 2 if one was not done in its time, which
 * says nothing about it.
 *
 * What relacy cannot see: it never reorders the modifications of one word, so the argument about
 * the release sequence rests on the thread sanitizer (inbox_stress.c) and on the standard as well.
 */
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>

#include "relacy/relacy.hpp"

static int mutation; /* 0: the real one */
#define RT_RELACY
#define MUTATE mutation
#include "runtime/inbox.c"

/* A message: the node first, as in the runtime, then a payload that relacy watches for races. */
struct letter {
    struct inbox_node node;
    rl::var<unsigned> sender;
    rl::var<unsigned> number;
};

static struct letter *letter_of(struct inbox_node *node)
{
    return reinterpret_cast<struct letter *>(node);
}

static void letter_write(struct letter *letter, unsigned sender, unsigned number)
{
    letter->sender($) = sender;
    letter->number($) = number;
    letter->node.next($) = &letter->node; /* what an earlier life left there must not matter */
}

struct bell_tag {
};

/* An inbox and the consumer's bell: a semaphore, so that a wake too many is counted, where a real
 * ev_async would swallow it. The counters are plain: relacy's threads are fibers of one thread. */
struct station {
    struct inbox inbox;
    rl::semaphore<bell_tag> bell;
    unsigned parks, undone, wakes, heard;

    void open()
    {
        inbox_create(&inbox);
        bell.init(false, 0, 1000, $);
        parks = undone = wakes = heard = 0;
    }

    /* Each park was ended by one wake or by the consumer; `heard` wakes were waited for. */
    void balance()
    {
        RL_ASSERT(parks == undone + wakes);
        RL_ASSERT(heard <= wakes);
        RL_ASSERT(bell.get_value($) == static_cast<int>(wakes - heard));
        bell.deinit($);
    }

    /* Producer. False: bounced. */
    bool send(struct letter *newest, struct letter *oldest)
    {
        enum inbox_pushed pushed = inbox_push(&inbox, &newest->node, &oldest->node);
        if (pushed == INBOX_WOKE) {
            unsigned before;
            wakes++;
            bell.post(1, before, $);
        }
        return pushed != INBOX_CLOSED;
    }

    void hear()
    {
        bell.wait(false, false, $);
        heard++;
    }

    /* Consumer: what there is, after sleeping for it or after being up for another reason. May be
     * NULL only in the latter case. */
    struct inbox_node *collect()
    {
        struct inbox_node *list;
        if (!inbox_park(&inbox)) {
            list = inbox_take(&inbox);
            RL_ASSERT(list != NULL); /* park had said so */
            return list;
        }
        parks++;
        switch (rl::rand(3)) {
        case 0: /* sleep, wake, take */
            hear();
            list = inbox_take(&inbox);
            RL_ASSERT(list != NULL);
            return list;
        case 1: /* up by a timer, unpark */
            if (inbox_unpark(&inbox)) {
                undone++;
                return inbox_take(&inbox);
            }
            hear(); /* a wake that never comes would be a deadlock here */
            list = inbox_take(&inbox);
            RL_ASSERT(list != NULL);
            return list;
        default: /* up by a timer, straight to take */
            list = inbox_take(&inbox);
            if (list)
                hear();
            else
                undone++;
            return list;
        }
    }

    struct inbox_node *collect_some()
    {
        struct inbox_node *list;
        do
            list = collect();
        while (!list);
        return list;
    }
};

/* What has come from whom. */
struct ledger {
    unsigned next[4];
    unsigned count;

    void clear()
    {
        memset(next, 0, sizeof next);
        count = 0;
    }

    void enter(struct inbox_node *list)
    {
        while (list) {
            struct letter *letter = letter_of(list);
            unsigned sender = letter->sender($);
            list = list->next($);
            RL_ASSERT(sender < 4);
            RL_ASSERT(letter->number($) == next[sender]); /* none lost, none twice, in order */
            next[sender]++;
            count++;
        }
    }
};

/* Two producers, each with a chain of two and a single letter; the consumer sleeps and takes. */
struct flow : rl::test_suite<flow, 3> {
    static unsigned const each = 3;
    struct station station;
    struct ledger ledger;
    struct letter letters[2][each];

    void before()
    {
        station.open();
        ledger.clear();
    }

    void produce(unsigned self)
    {
        struct letter *mine = letters[self];
        for (unsigned i = 0; i < each; i++)
            letter_write(&mine[i], self, i);
        mine[1].node.next($) = &mine[0].node;
        RL_ASSERT(station.send(&mine[1], &mine[0]));
        RL_ASSERT(station.send(&mine[2], &mine[2]));
    }

    void thread(unsigned index)
    {
        if (index < 2) {
            produce(index);
            return;
        }
        while (ledger.count < 2 * each)
            ledger.enter(station.collect());
    }

    void after()
    {
        RL_ASSERT(inbox_take(&station.inbox) == NULL);
        station.balance();
    }
};

/* Three producers at once on the same word, one letter each. */
struct fan_in : rl::test_suite<fan_in, 4> {
    struct station station;
    struct ledger ledger;
    struct letter letters[3];

    void before()
    {
        station.open();
        ledger.clear();
    }

    void thread(unsigned index)
    {
        if (index < 3) {
            letter_write(&letters[index], index, 0);
            RL_ASSERT(station.send(&letters[index], &letters[index]));
            return;
        }
        while (ledger.count < 3)
            ledger.enter(station.collect());
    }

    void after()
    {
        RL_ASSERT(inbox_take(&station.inbox) == NULL);
        station.balance();
    }
};

/* The consumer closes while two producers send: each letter is taken, left, or bounced. */
struct closing : rl::test_suite<closing, 3> {
    static unsigned const each = 3;
    struct station station;
    struct ledger ledger;
    struct letter letters[2][each];
    struct letter late;
    unsigned bounced[2];

    void before()
    {
        station.open();
        ledger.clear();
        bounced[0] = bounced[1] = 0;
    }

    void bounce(unsigned self, struct letter *newest, unsigned count)
    {
        unsigned seen = 0;
        for (struct inbox_node *n = &newest->node; n; n = n->next($)) {
            RL_ASSERT(++seen <= count);
            RL_ASSERT(letter_of(n)->sender($) == self);
        }
        RL_ASSERT(seen == count); /* the chain is whole again and ends */
        bounced[self] += count;
    }

    void produce(unsigned self)
    {
        struct letter *mine = letters[self];
        for (unsigned i = 0; i < each; i++)
            letter_write(&mine[i], self, i);
        bool open = station.send(&mine[0], &mine[0]);
        if (!open)
            bounce(self, &mine[0], 1);
        mine[2].node.next($) = &mine[1].node;
        if (!station.send(&mine[2], &mine[1]))
            bounce(self, &mine[2], 2);
        else
            RL_ASSERT(open); /* closed is for ever */
    }

    void consume()
    {
        if (rl::rand(2))
            ledger.enter(station.collect());
        bool parked = rl::rand(2) && inbox_park(&station.inbox);
        struct inbox_node *left = inbox_close(&station.inbox);
        if (parked) {
            station.parks++;
            station.undone += left == NULL;
        }
        ledger.enter(left);
        RL_ASSERT(inbox_take(&station.inbox) == NULL);
        letter_write(&late, 2, 0);
        RL_ASSERT(!station.send(&late, &late));
        RL_ASSERT(late.node.next($) == NULL);
    }

    void thread(unsigned index)
    {
        if (index < 2)
            produce(index);
        else
            consume();
    }

    void after()
    {
        for (unsigned i = 0; i < 2; i++)
            RL_ASSERT(ledger.next[i] + bounced[i] == each);
        station.balance();
    }
};

/* One letter goes to and fro between two inboxes while a third thread pushes into one of them: the
 * address that its guess saw comes back as the newest (ABA). */
struct recycle : rl::test_suite<recycle, 3> {
    static unsigned const rounds = 2, strangers = 2;
    struct station ping, pong;
    struct letter ball, others[strangers];

    void before()
    {
        ping.open();
        pong.open();
    }

    void serve()
    {
        letter_write(&ball, 0, 0);
        for (unsigned i = 0; i < rounds; i++) {
            RL_ASSERT(pong.send(&ball, &ball));
            struct inbox_node *list = ping.collect_some();
            RL_ASSERT(list == &ball.node);
            RL_ASSERT(ball.node.next($) == NULL);
            RL_ASSERT(ball.number($) == i + 1);
        }
    }

    void strike_back()
    {
        unsigned struck = 0, met = 0;
        while (struck < rounds || met < strangers) {
            struct inbox_node *list = pong.collect_some();
            while (list) {
                struct letter *letter = letter_of(list);
                list = list->next($);
                if (letter != &ball) {
                    RL_ASSERT(letter->number($) == met);
                    met++;
                    continue;
                }
                letter->number($) = ++struck;
                RL_ASSERT(ping.send(letter, letter));
            }
        }
    }

    void disturb()
    {
        for (unsigned i = 0; i < strangers; i++) {
            letter_write(&others[i], 1, i);
            RL_ASSERT(pong.send(&others[i], &others[i]));
        }
    }

    void thread(unsigned index)
    {
        switch (index) {
        case 0: serve(); break;
        case 1: strike_back(); break;
        default: disturb(); break;
        }
    }

    void after()
    {
        ping.balance();
        pong.balance();
    }
};

struct scenario {
    const char *name;
    bool (*run)(rl::test_params &);
};

static const struct scenario scenarios[] = {
    {"flow", rl::simulate<flow>},
    {"closing", rl::simulate<closing>},
    {"recycle", rl::simulate<recycle>},
    {"fan_in", rl::simulate<fan_in>},
};

static const char *const mutations[] = {
    "the real inbox",
    "push publishes relaxed",
    "take reads relaxed",
    "push hides that it displaced PARKED",
    "park stores, over a message",
    "take does not reverse",
    "push links to the tag",
    "push links the wrong end",
    "close loses what was left",
    "push wakes one who is awake",
    "push goes into a closed inbox",
    "take opens a closed inbox again",
    "close reads relaxed",
    "push stores, over what came in between",
    "park says yes although a message is there",
    "take swaps in two steps",
    "unpark stores, over a message",
    "a refused chain keeps its link",
    "take leaves PARKED behind",
    "unpark denies that it ended the park",
};
static int const INBOX_MUTATIONS = sizeof mutations / sizeof mutations[0] - 1;

/* Runs the scenarios until one fails. `out` hears which one, how and at which schedule, or nothing;
 * `log` hears what relacy says. */
static bool run_scenarios(unsigned long schedules, std::ostream &log, FILE *out)
{
    for (const struct scenario &scenario : scenarios) {
        rl::test_params params;
        params.iteration_count = schedules;
        params.output_stream = &log;
        params.progress_stream = &log;
        params.execution_depth_limit = 4000;
        fprintf(out, "%s: ", scenario.name); /* stays, should the schedule crash */
        fflush(out);
        if (!scenario.run(params)) {
            fprintf(out, "%s, schedule %lu\n", rl::test_result_str(params.test_result),
                    static_cast<unsigned long>(params.stop_iteration));
            return false;
        }
        fprintf(out, "%lu schedules\n", static_cast<unsigned long>(params.stop_iteration));
    }
    return true;
}

/* The last line that the child wrote is what it found. */
static void read_verdict(int fd, char *verdict, size_t room)
{
    char text[4096];
    size_t length = 0;
    ssize_t n;
    while ((n = read(fd, text + length, sizeof text - 1 - length)) > 0)
        length += static_cast<size_t>(n);
    while (length && text[length - 1] == '\n')
        length--;
    text[length] = '\0';
    const char *line = strrchr(text, '\n');
    snprintf(verdict, room, "%s", line ? line + 1 : text);
}

/* Many times what a schedule takes on a busy machine; one that never ends is relacy's to find. */
static unsigned limit_s(unsigned long schedules)
{
    return 60 + static_cast<unsigned>(schedules / 200);
}

/* In a child: true if every scenario held. A crash is a failure too. Ends the program when the child
 * takes too long. */
static bool holds(int number, unsigned long schedules, char *verdict, size_t room)
{
    int ends[2], status = 0;
    fflush(NULL);
    if (pipe(ends) != 0)
        exit(2);
    pid_t child = fork();
    if (child < 0)
        exit(2);
    if (child == 0) {
        std::ostream log(NULL); /* discards: a growing one would mix its heap with relacy's */
        close(ends[0]);
        alarm(limit_s(schedules));
        mutation = number;
        FILE *out = fdopen(ends[1], "w");
        bool good = run_scenarios(schedules, log, out);
        fflush(out);
        _exit(good ? 0 : 1);
    }
    close(ends[1]);
    read_verdict(ends[0], verdict, room);
    close(ends[0]);
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        fprintf(stderr, "inbox_relacy: %s: not done within %u s (%s)\n", mutations[number],
                limit_s(schedules), verdict);
        exit(2);
    }
    if (WIFSIGNALED(status)) {
        size_t used = strlen(verdict);
        snprintf(verdict + used, room - used, "%s", strsignal(WTERMSIG(status)));
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int run_all(unsigned long schedules)
{
    char verdict[256];
    bool good = holds(0, schedules, verdict, sizeof verdict);
    int missed = 0;

    printf("%3s  %-42s %s\n", "", mutations[0], good ? "holds" : verdict);
    for (int i = 1; i <= INBOX_MUTATIONS; i++) {
        bool lives = holds(i, schedules, verdict, sizeof verdict);
        missed += lives;
        printf("%3d  %-42s %s\n", i, mutations[i], lives ? "NOT FOUND" : verdict);
    }
    printf("inbox: %lu schedules a scenario: %s; %d of %d mutations found\n", schedules,
           good ? "the real one holds" : "THE REAL ONE FAILS", INBOX_MUTATIONS - missed,
           INBOX_MUTATIONS);
    return good && missed == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    unsigned long schedules = 300000;
    int only = -1;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--schedules=", 12) == 0)
            schedules = strtoul(argv[i] + 12, NULL, 10);
        else if (strncmp(argv[i], "--mutate=", 9) == 0)
            only = atoi(argv[i] + 9);
        else
            schedules = 0;
    }
    if (schedules == 0 || only > INBOX_MUTATIONS) {
        fprintf(stderr, "usage: inbox_relacy [--schedules=N] [--mutate=N]\n");
        return 2;
    }
    if (only < 0)
        return run_all(schedules);
    mutation = only;
    return run_scenarios(schedules, std::cout, stdout) ? 0 : 1;
}
