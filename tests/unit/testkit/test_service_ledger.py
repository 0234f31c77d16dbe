"""What the laws hold the service to is what it has answered, and no more."""

from datetime import timedelta

from colony_testkit.service_asks import Create, Delete
from colony_testkit.service_machine import ServiceMachine

SOON = timedelta(seconds=1)


def test_a_cluster_whose_creation_was_never_answered_may_be_deleted_like_any_other() -> None:
    life = ServiceMachine()
    try:
        life.enrol(known=4)
        life.crash_in_the_middle(moments=1)
        create = Create(name="a", kind="k8s_stack", flavor="talos", control_planes=(1,), workers=(2,), disk=0)
        life.create_cluster(ask=create, then=SOON)
        life.delete_cluster(ask=Delete(cluster=0, force=True, wipe=False), then=SOON)

        life.the_laws_hold()
    finally:
        life.teardown()
