"""What kind of work a request is and how hard, judged from its text by a small head that was trained beforehand."""

from domain.classifying.classifier import Classified, Classifier

__all__ = ["Classified", "Classifier"]
