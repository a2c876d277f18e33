/* tests/test_lives.c -- birth, death and who hears of it, on one worker, on two, and with threads. */
#include "tests/bare.h"
#include "tests/check.h"
#include "tests/toys.h"

/* ---- an actor that does what the test says and remembers what it heard ---- */

enum { HEARD_MAX = 64 };

struct heard {
    uint16_t kind;
    uint32_t n; /* of CONTINUE; the reason of DOWN; the kind in BOUNCED */
    uint32_t exchange;
    struct actor_ref from, about;
};

static struct {
    struct heard heard[HEARD_MAX];
    unsigned count, stopped;
    struct message *kept;
    struct actor_ref other;
} now;

static void remember(struct message *m)
{
    REQUIRE(now.count < HEARD_MAX);
    struct heard *h = &now.heard[now.count++];
    *h = (struct heard){.kind = m->kind, .exchange = m->exchange, .from = m->from};
    if (m->kind == MSG_CONTINUE)
        h->n = msg_resume(m)->n;
    if (m->kind == MSG_DOWN) {
        h->n = msg_down(m)->reason;
        h->about = msg_down(m)->who;
    }
    if (m->kind == MSG_BOUNCED) {
        h->n = msg_bounced(m)->kind;
        h->about = msg_bounced(m)->whom;
    }
}

static void on_note(struct actor *self, struct message *m)
{
    (void)self;
    remember(m);
}

static void on_note_stop(struct actor *self)
{
    (void)self;
    now.stopped++;
}

static const struct actor_type note_type = {"note", sizeof(struct actor), on_note, on_note_stop};

static struct actor *actor_of(struct bare *b, struct actor_ref r)
{
    struct actor *a = worker_resolve(b->r.workers[ref_worker(r)], r);
    REQUIRE(a != NULL);
    return a;
}

static struct actor_ref begin(struct bare *b, unsigned workers)
{
    memset(&now, 0, sizeof now);
    bare_create(b, workers);
    struct actor_ref note = bare_spawn(b, 0, &note_type, resume(0));
    bare_run(b);
    CHECK_UINT(now.count, 1);
    now.count = 0;
    return note;
}

/* What a handler does is done here, between two turns. */
static struct actor *acting(struct bare *b, struct actor_ref r)
{
    heap_enter(b->r.workers[ref_worker(r)]->heap);
    return actor_of(b, r);
}

static void check_heard(unsigned i, uint16_t kind, uint32_t n)
{
    REQUIRE(i < now.count);
    CHECK_UINT(now.heard[i].kind, kind);
    CHECK_UINT(now.heard[i].n, n);
}

static struct counters *counters(struct bare *b, unsigned worker)
{
    return &b->r.workers[worker]->counters;
}

/* ---- one worker ---- */

static void child_begins_with_its_first_message(void)
{
    struct bare b;
    struct actor_ref note = begin(&b, 1);
    struct actor *self = acting(&b, note);
    struct message *first = resume(5);
    first->exchange = 42;
    struct actor_ref child = actor_spawn(self, &note_type, WORKER_HERE, first);
    CHECK(!ref_is_nobody(child) && !ref_equal(child, note));
    actor_send(self, child, resume(6));
    bare_run(&b);
    check_heard(0, MSG_CONTINUE, 5);
    CHECK(ref_equal(now.heard[0].from, note));
    check_heard(1, MSG_CONTINUE, 6);
    CHECK_UINT(actor_of(&b, child)->exchange, 42); /* of its first message */
    actor_send(acting(&b, child), note, resume(7));
    bare_run(&b);
    CHECK_UINT(now.heard[2].exchange, 42); /* stamped on what it says */
    bare_destroy(&b);
}

static void stopping_ends_it_after_the_message(void)
{
    struct bare b;
    struct actor_ref note = begin(&b, 1);
    bare_send(&b, note, resume(1));
    bare_step(&b, 0);
    struct actor *self = acting(&b, note);
    actor_stop(self, STOP_DONE);
    actor_stop(self, STOP_FAILED); /* the first word counts */
    CHECK_UINT(self->stop_reason, STOP_DONE);
    CHECK_UINT(now.stopped, 0);
    worker_reap(b.r.workers[0], self);
    CHECK_UINT(now.stopped, 1);
    CHECK(worker_resolve(b.r.workers[0], note) == NULL);
    bare_destroy(&b);
}

static void on_self_talk(struct actor *self, struct message *m)
{
    remember(m);
    actor_send(self, self->ref, resume(99));
    actor_stop(self, STOP_DONE);
}

static const struct actor_type self_talk_type = {"self", sizeof(struct actor), on_self_talk, NULL};

static void last_words_to_itself_are_lost(void)
{
    struct bare b;
    struct actor_ref note = begin(&b, 1);
    uint64_t late = counters(&b, 0)->late;
    bare_spawn(&b, 0, &self_talk_type, resume(1));
    bare_run(&b);
    CHECK_UINT(now.count, 1);
    CHECK_UINT(counters(&b, 0)->late, late + 1);
    bare_send(&b, note, resume(2)); /* and the others go on */
    bare_run(&b);
    CHECK_UINT(now.count, 2);
    bare_destroy(&b);
}

static void on_stop_talk(struct actor *self)
{
    actor_send(self, self->ref, resume(1));
    actor_send(self, now.other, resume(2));
}

static const struct actor_type stop_talk_type = {"dying", sizeof(struct actor), on_note,
                                                 on_stop_talk};

static void dying_actor_hears_nothing_more(void)
{
    struct bare b;
    struct actor_ref note = begin(&b, 1);
    struct actor_ref dying = bare_spawn(&b, 0, &stop_talk_type, resume(0));
    bare_run(&b);
    now.other = note;
    now.count = 0;
    uint64_t late = counters(&b, 0)->late;
    worker_reap(b.r.workers[0], acting(&b, dying));
    CHECK_UINT(counters(&b, 0)->late, late + 1); /* at once: it is not kept for nobody */
    bare_run(&b);
    CHECK_UINT(now.count, 1); /* the others hear its last words */
    check_heard(0, MSG_CONTINUE, 2);
    bare_destroy(&b);
}

static void runnable_actor_can_be_ended(void)
{
    for (unsigned victim = 0; victim < 3; victim++) {
        struct bare b;
        struct actor_ref refs[3] = {begin(&b, 1)};
        refs[1] = bare_spawn(&b, 0, &note_type, resume(0));
        refs[2] = bare_spawn(&b, 0, &note_type, resume(0));
        bare_run(&b);
        now.count = 0;
        for (uint32_t i = 0; i < 3; i++)
            bare_send(&b, refs[i], resume(i));
        worker_reap(b.r.workers[0], acting(&b, refs[victim]));
        bare_spawn(&b, 0, &note_type, resume(7));
        bare_run(&b);
        CHECK_UINT(now.count, 3);
        for (unsigned i = 0; i < now.count; i++)
            CHECK(now.heard[i].n != victim);
        check_heard(2, MSG_CONTINUE, 7);
        bare_destroy(&b);
    }
}

static void mail_of_the_dead_is_sorted(void)
{
    struct bare b;
    struct actor_ref note = begin(&b, 1);
    struct counters before = *counters(&b, 0);
    struct actor_ref child = bare_spawn(&b, 0, &note_type, resume(0));
    bare_run(&b);
    now.count = 0;
    struct actor *self = acting(&b, note);
    struct message *grant = msg_grant_new((struct msg_grant){.served = true});
    grant->exchange = 17;
    actor_send(self, child, msg_stop_new((struct msg_stop){0})); /* PLAIN */
    actor_send(self, child, resume(1));                          /* EXPECTED */
    actor_send(self, child, grant);                              /* BOUNCE */
    worker_reap(b.r.workers[0], actor_of(&b, child));
    bare_run(&b);
    const struct counters *c = counters(&b, 0);
    CHECK_UINT(c->dead_letters - before.dead_letters, 1);
    CHECK_UINT(c->late - before.late, 1);
    CHECK_UINT(c->bounced - before.bounced, 1);
    CHECK_UINT(now.count, 1);
    check_heard(0, MSG_BOUNCED, MSG_GRANT);
    CHECK(ref_equal(now.heard[0].about, child));
    CHECK(ref_equal(now.heard[0].from, child));
    CHECK_UINT(now.heard[0].exchange, 17);
    /* the same when it is sent after the death */
    actor_send(acting(&b, note), child, msg_grant_new((struct msg_grant){.served = true}));
    bare_run(&b);
    check_heard(1, MSG_BOUNCED, MSG_GRANT);
    bare_send(&b, child,
              msg_grant_new((struct msg_grant){.served = true})); /* from nobody: to nobody */
    bare_run(&b);
    CHECK_UINT(now.count, 2);
    bare_destroy(&b);
}

static void stale_ref_finds_nobody(void)
{
    struct bare b;
    begin(&b, 1);
    struct actor_ref old = bare_spawn(&b, 0, &note_type, resume(0));
    bare_run(&b);
    worker_reap(b.r.workers[0], acting(&b, old));
    now.count = 0;
    struct actor_ref young = NOBODY;
    while (ref_slot(young) != ref_slot(old) || ref_is_nobody(young)) {
        young = bare_spawn(&b, 0, &self_talk_type, resume(0));
        CHECK(!ref_equal(young, old));
        bare_run(&b); /* it ends at once: the slots go round */
        now.count = 0;
    }
    CHECK(young.generation > old.generation);
    bare_send(&b, old, resume(1));
    bare_send(&b, young, resume(1));
    bare_send(&b, NOBODY, resume(1));
    bare_run(&b);
    CHECK_UINT(now.count, 0);
    bare_destroy(&b);
}

static void generation_skips_zero(void)
{
    struct bare b;
    begin(&b, 1);
    struct worker *w = b.r.workers[0];
    struct actor_ref r = worker_slot_take(w);
    w->slots[ref_slot(r)].generation = UINT32_MAX;
    r.generation = UINT32_MAX;
    worker_slot_give(w, r);
    CHECK_UINT(w->slots[ref_slot(r)].generation, 1);
    bare_destroy(&b);
}

static void many_actors_have_their_places(void)
{
    enum { N = 2000 };
    struct bare b;
    static struct actor_ref refs[N];
    begin(&b, 1);
    for (unsigned i = 0; i < N; i++) {
        refs[i] = bare_spawn(&b, 0, &note_type, resume(i));
        now.count = 0;
    }
    uint32_t alive = b.r.workers[0]->actors;
    for (unsigned i = 0; i < N; i++)
        CHECK(ref_equal(acting(&b, refs[i])->ref, refs[i]));
    for (unsigned i = 0; i < N; i++)
        worker_reap(b.r.workers[0], acting(&b, refs[i]));
    CHECK_UINT(b.r.workers[0]->actors, alive - N);
    bare_destroy(&b);
}

/* ---- taking and forwarding ---- */

static void on_keep(struct actor *self, struct message *m)
{
    if (m->kind != MSG_CONTINUE)
        return;
    if (msg_resume(m)->n == 1)
        now.kept = actor_take(self, m);
    if (msg_resume(m)->n == 2)
        actor_forward(self, now.other, m);
}

static const struct actor_type keep_type = {"keep", sizeof(struct actor), on_keep, NULL};

static void message_can_be_kept_or_sent_on(void)
{
    struct bare b;
    struct actor_ref note = begin(&b, 1);
    struct actor_ref keeper = bare_spawn(&b, 0, &keep_type, resume(0));
    bare_send(&b, keeper, resume(1));
    bare_send(&b, keeper, resume(2));
    now.other = note;
    bare_run(&b);
    REQUIRE(now.kept != NULL);
    CHECK_UINT(msg_resume(now.kept)->n, 1);
    message_free(now.kept);
    CHECK_UINT(now.count, 1);
    check_heard(0, MSG_CONTINUE, 2);
    CHECK(ref_equal(now.heard[0].from, keeper));
    bare_destroy(&b);
}

/* ---- turns ---- */

static void busy_actor_gives_way(void)
{
    struct bare b;
    struct actor_ref note = begin(&b, 1);
    struct actor_ref other = bare_spawn(&b, 0, &keep_type, resume(0));
    bare_run(&b);
    uint64_t turns = counters(&b, 0)->turns, handled = counters(&b, 0)->messages;
    now.count = 0;
    for (uint32_t i = 0; i < HEARD_MAX; i++)
        bare_send(&b, other, resume(i + 10));
    for (uint32_t i = 0; i < TURN_MESSAGES; i++)
        bare_send(&b, other, resume(i + 100));
    bare_send(&b, note, resume(1));
    CHECK(worker_turn(b.r.workers[0]));
    CHECK_UINT(counters(&b, 0)->messages - handled, TURN_MESSAGES);
    CHECK(worker_turn(b.r.workers[0])); /* the other one, before the rest */
    CHECK_UINT(now.count, 1);
    CHECK(worker_turn(b.r.workers[0]));
    CHECK(!worker_turn(b.r.workers[0]));
    CHECK_UINT(counters(&b, 0)->turns - turns, 3);
    bare_destroy(&b);
}

/* ---- monitors ---- */

static void down_comes_after_all_it_said(void)
{
    struct bare b;
    struct actor_ref note = begin(&b, 1);
    struct actor_ref child = bare_spawn(&b, 0, &keep_type, resume(0));
    bare_run(&b);
    actor_monitor(acting(&b, note), child);
    struct actor *dying = acting(&b, child);
    actor_send(dying, note, resume(1));
    actor_send(dying, note, resume(2));
    actor_stop(dying, STOP_FAILED);
    worker_reap(b.r.workers[0], dying);
    bare_run(&b);
    CHECK_UINT(now.count, 3);
    check_heard(0, MSG_CONTINUE, 1);
    check_heard(1, MSG_CONTINUE, 2);
    check_heard(2, MSG_DOWN, STOP_FAILED);
    CHECK(ref_equal(now.heard[2].about, child));
    bare_destroy(&b);
}

static void dead_one_is_down_at_once(void)
{
    struct bare b;
    struct actor_ref note = begin(&b, 2);
    struct actor *self = acting(&b, note);
    actor_monitor(self, NOBODY);
    actor_monitor(self, (struct actor_ref){0 << 24 | 12345, 1});
    actor_monitor(self, (struct actor_ref){1u << 24 | 77777, 3}); /* far */
    bare_run(&b);
    CHECK_UINT(now.count, 3);
    for (unsigned i = 0; i < now.count; i++)
        check_heard(i, MSG_DOWN, STOP_NOBODY);
    CHECK_UINT(now.heard[2].about.generation, 3);
    bare_destroy(&b);
}

static void each_monitor_hears_once(void)
{
    struct bare b;
    struct actor_ref note = begin(&b, 2);
    for (unsigned worker = 0; worker < 2; worker++) {
        struct actor_ref child = bare_spawn(&b, worker, &keep_type, resume(0));
        struct actor_ref second = bare_spawn(&b, 1, &note_type, resume(0));
        bare_run(&b);
        now.count = 0;
        actor_monitor(acting(&b, note), child);
        actor_monitor(acting(&b, second), child);
        actor_monitor(acting(&b, note), child); /* two monitors, two DOWNs */
        actor_monitor(acting(&b, second), child);
        actor_demonitor(acting(&b, second), child); /* takes one back */
        actor_demonitor(acting(&b, note), (struct actor_ref){9, 9});
        bare_run(&b);
        CHECK_UINT(now.count, 0);
        worker_reap(b.r.workers[worker], acting(&b, child));
        bare_step(&b, worker);
        bare_run(&b);
        CHECK_UINT(now.count, 3);
        bare_run(&b);
        CHECK_UINT(now.count, 3);
        actor_demonitor(acting(&b, note), child); /* too late, no harm */
        bare_run(&b);
    }
    bare_destroy(&b);
}

static void watcher_may_die_first(void)
{
    struct bare b;
    begin(&b, 1);
    struct actor_ref watched = bare_spawn(&b, 0, &keep_type, resume(0));
    struct actor_ref watcher = bare_spawn(&b, 0, &keep_type, resume(0));
    bare_run(&b);
    actor_monitor(acting(&b, watcher), watched);
    worker_reap(b.r.workers[0], actor_of(&b, watcher));
    uint64_t dead_letters = counters(&b, 0)->dead_letters;
    worker_reap(b.r.workers[0], actor_of(&b, watched));
    bare_run(&b);
    CHECK_UINT(counters(&b, 0)->dead_letters, dead_letters); /* such a DOWN is ordinary */
    bare_destroy(&b);
}

/* ---- two workers ---- */

static void far_child_has_its_name_at_once(void)
{
    struct bare b;
    struct actor_ref note = begin(&b, 2);
    struct actor *self = acting(&b, note);
    struct actor_ref child = actor_spawn(self, &note_type, 1, resume(1));
    CHECK_UINT(ref_worker(child), 1);
    actor_monitor(self, child);
    actor_send(self, child, resume(2)); /* right behind the spawn */
    actor_send(self, child, resume(3));
    CHECK(worker_resolve(b.r.workers[1], child) == NULL); /* not born yet */
    bare_run(&b);
    CHECK_UINT(now.count, 3);
    for (uint32_t i = 0; i < 3; i++)
        check_heard(i, MSG_CONTINUE, i + 1);
    CHECK(ref_equal(now.heard[0].from, note));
    CHECK_UINT(actor_worker(acting(&b, child)), 1);
    actor_send(acting(&b, child), note, resume(4));
    actor_stop(acting(&b, child), STOP_DONE);
    worker_reap(b.r.workers[1], acting(&b, child));
    bare_run(&b);
    check_heard(3, MSG_CONTINUE, 4);
    check_heard(4, MSG_DOWN, STOP_DONE);
    bare_destroy(&b);
}

static void far_dead_one_bounces(void)
{
    struct bare b;
    struct actor_ref note = begin(&b, 2);
    struct actor *self = acting(&b, note);
    struct actor_ref child = actor_spawn(self, &self_talk_type, 1, resume(1));
    bare_run(&b);
    now.count = 0;
    actor_send(acting(&b, note), child, msg_grant_new((struct msg_grant){.served = true}));
    bare_run(&b);
    CHECK_UINT(now.count, 1);
    check_heard(0, MSG_BOUNCED, MSG_GRANT);
    CHECK_UINT(counters(&b, 1)->bounced, 1);
    bare_destroy(&b);
}

static void on_quiet(struct actor *self, struct message *m)
{
    (void)self, (void)m;
}

static const struct actor_type quiet_type = {"quiet", sizeof(struct actor), on_quiet, NULL};

static unsigned spawn_far_many(struct bare *b, struct actor_ref note, unsigned count)
{
    unsigned far = 0;
    for (unsigned i = 0; i < count; i++)
        far += ref_worker(actor_spawn(acting(b, note), &quiet_type, 1, resume(0))) == 1;
    return far;
}

static void leases_run_out_and_come_again(void)
{
    struct bare b;
    struct actor_ref note = begin(&b, 2);
    CHECK_UINT(spawn_far_many(&b, note, LEASES + 10), LEASES);
    CHECK_UINT(counters(&b, 0)->spawned_here, 10); /* none at hand: they live here */
    bare_run(&b);
    for (unsigned i = 0; i < 20; i++) {
        CHECK_UINT(spawn_far_many(&b, note, LEASES / 4), LEASES / 4);
        bare_run(&b);
    }
    CHECK_UINT(counters(&b, 0)->spawned_here, 10);
    CHECK_UINT(spawn_far_many(&b, note, 1), 1);
    bare_run(&b);
    CHECK_UINT(b.r.workers[1]->actors, LEASES + 20 * (LEASES / 4) + 1);
    bare_destroy(&b);
}

static void on_talk(struct actor *self, struct message *m)
{
    for (uint32_t i = 0; i < 100 && m->kind == MSG_CONTINUE; i++)
        actor_send(self, now.other, resume(i));
}

static const struct actor_type talker_type = {"talker", sizeof(struct actor), on_talk, NULL};

static void much_is_pushed_before_the_round_ends(void)
{
    struct bare b;
    begin(&b, 2);
    now.other = bare_spawn(&b, 1, &quiet_type, resume(0));
    bare_run(&b);
    bare_spawn(&b, 0, &talker_type, resume(0));
    bare_spawn(&b, 0, &talker_type, resume(0));
    struct counters before = *counters(&b, 0);
    atomic_store(&b.r.watched, true); /* or the watchdog would be written to as well */
    CHECK(!worker_round(b.r.workers[0]));
    CHECK_UINT(counters(&b, 0)->sent_far - before.sent_far, 200);
    CHECK_UINT(counters(&b, 0)->flushes - before.flushes, 2); /* one a talker, not one in all */
    uint64_t handled = counters(&b, 1)->messages;
    bare_step(&b, 1);
    CHECK_UINT(counters(&b, 1)->messages - handled, 200);
    bare_destroy(&b);
}

static void destroyed_with_everything_under_way(void)
{
    struct bare b;
    struct actor_ref note = begin(&b, 2);
    struct actor *self = acting(&b, note);
    struct actor_ref child = actor_spawn(self, &quiet_type, 1, resume(1));
    actor_monitor(self, child);
    actor_send(self, child, msg_grant_new((struct msg_grant){.served = true}));
    actor_send(self, child,
               msg_socket_data_new((struct msg_socket_data){.bytes = span_copy("x", 1)}));
    actor_send(self, note, resume(1));
    timer_start(self, 1, 1000);
    CHECK_UINT(runtime_destroy(&b.r), 0); /* nothing of it was handled */
    CHECK_UINT(now.stopped, 1);
}

/* ---- threads ---- */

enum { FAMILIES = 40, CHILDREN = 250, WORDS = 3 };
enum { GUARD_US = 20000000, HUNG = 99 };

struct mother {
    struct actor actor;
    struct actor_ref top;
    uint32_t words, downs, bounces;
    bool disorder;
};

static void on_child(struct actor *self, struct message *m)
{
    if (m->kind != MSG_SIGNAL)
        return;
    for (uint32_t i = 0; i < WORDS; i++)
        actor_send(self, m->from, resume(i));
    actor_stop(self, STOP_DONE);
}

static const struct actor_type child_type = {"child", sizeof(struct actor), on_child, NULL};

static void bear(struct mother *self)
{
    unsigned there = 1 - actor_worker(&self->actor);
    struct actor_ref child =
        actor_spawn(&self->actor, &child_type, there, msg_signal_new((struct msg_signal){0}));
    actor_monitor(&self->actor, child);
    SAY(self, child, grant, .served = true); /* it is dead by then, or has stopped */
}

static void on_child_down(struct mother *self, struct message *m)
{
    self->downs++;
    /* with ten children at a time, never fewer words than the dead ones must have said */
    self->disorder |= self->words < self->downs * WORDS || msg_down(m)->reason != STOP_DONE;
    if (self->downs + 10 <= CHILDREN)
        bear(self);
}

static void on_mother(struct actor *actor, struct message *m)
{
    struct mother *self = (struct mother *)actor;
    switch (m->kind) {
    case MSG_SIGNAL:
        self->top = m->from;
        for (unsigned i = 0; i < 10; i++)
            bear(self);
        return;
    case MSG_CONTINUE: self->words++; return;
    case MSG_BOUNCED: self->bounces++; break;
    case MSG_DOWN: on_child_down(self, m); break;
    default: return;
    }
    if (self->downs == CHILDREN && self->bounces == CHILDREN) {
        self->disorder |= self->words != CHILDREN * WORDS;
        SAY(self, self->top, resume, .n = self->disorder);
        actor_stop(actor, STOP_DONE);
    }
}

static const struct actor_type mother_type = {"mother", sizeof(struct mother), on_mother, NULL};

struct top {
    struct actor actor;
    uint32_t done, disorder;
};

static void on_top(struct actor *actor, struct message *m)
{
    struct top *self = (struct top *)actor;
    if (m->kind == MSG_TIMER) {
        actor_end_program(actor, HUNG);
        return;
    }
    if (m->kind == MSG_SIGNAL) {
        timer_start(actor, 0, GUARD_US);
        for (unsigned i = 0; i < FAMILIES; i++)
            actor_spawn(actor, &mother_type, i % 2, msg_signal_new((struct msg_signal){0}));
        return;
    }
    self->disorder += msg_resume(m)->n;
    if (++self->done == FAMILIES)
        actor_end_program(actor, self->disorder ? 1 : 42);
}

static const struct actor_type top_type = {"top", sizeof(struct top), on_top, NULL};

static void families_over_two_threads(void)
{
    static struct runtime r;
    messages_init();
    runtime_create(&r, &(struct runtime_options){.workers = 2, .io = &io_ev});
    runtime_spawn_root(&r, &top_type, msg_signal_new((struct msg_signal){0}));
    CHECK_UINT(runtime_run(&r), 42);
    uint64_t lives = r.workers[0]->counters.reaped + r.workers[1]->counters.reaped;
    CHECK_UINT(lives, FAMILIES * (CHILDREN + 1));
    CHECK_UINT(runtime_destroy(&r), 0);
}

CU_TestInfo lives_tests[] = {
    {"a child begins with its first message", child_begins_with_its_first_message},
    {"an actor that stops ends after the message", stopping_ends_it_after_the_message},
    {"last words of an actor to itself are lost", last_words_to_itself_are_lost},
    {"an actor that ends hears nothing more, but is heard", dying_actor_hears_nothing_more},
    {"an actor that is runnable can be ended", runnable_actor_can_be_ended},
    {"mail of the dead is released, counted or bounced", mail_of_the_dead_is_sorted},
    {"a stale ref finds nobody", stale_ref_finds_nobody},
    {"a generation is never zero", generation_skips_zero},
    {"thousands of actors have their places", many_actors_have_their_places},
    {"a message can be kept, or sent on", message_can_be_kept_or_sent_on},
    {"a busy actor gives way after its turn", busy_actor_gives_way},
    {"DOWN comes after all that the dead one said", down_comes_after_all_it_said},
    {"monitoring nobody is answered at once", dead_one_is_down_at_once},
    {"each monitor hears one DOWN, near and far", each_monitor_hears_once},
    {"a watcher may die first", watcher_may_die_first},
    {"a far child has its name at once", far_child_has_its_name_at_once},
    {"a far actor that is dead bounces", far_dead_one_bounces},
    {"leases run out and come again", leases_run_out_and_come_again},
    {"much that is said to another worker is pushed early", much_is_pushed_before_the_round_ends},
    {"a runtime can be destroyed with everything under way", destroyed_with_everything_under_way},
    {"families over two threads: order and counts hold", families_over_two_threads},
    CU_TEST_INFO_NULL,
};
