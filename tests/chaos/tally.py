"""What a whole run of the chaos suite came to, added up over its tests."""

from dataclasses import dataclass


@dataclass
class Tally:
    messages: int = 0
    faults: int = 0
    lost: int = 0
    duplicated: int = 0
    collided: int = 0
    unexplained: int = 0

    def add(self, **figures: int) -> None:
        for name, figure in figures.items():
            setattr(self, name, getattr(self, name) + figure)

    def __str__(self) -> str:
        ended = (
            f"{self.lost} lost, {self.duplicated} duplicated, {self.collided} collided, {self.unexplained} unexplained"
        )
        return f"{self.messages} messages, {self.faults} faults injected: {ended}"


TALLY = Tally()
